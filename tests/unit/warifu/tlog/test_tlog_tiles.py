from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.tiles import (
    MAX_ENTRY_BYTES,
    Tile,
    decode_entries,
    encode_entries,
    read_entries,
    tiles_of,
    write_copy,
)

Publish = Callable[[list[bytes]], bytes]


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


def files_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def refuse_copy(directory: Path, entries: list[bytes], signed: bytes, where: str) -> None:
    with pytest.raises(WarifuError) as caught:
        write_copy(directory, entries, signed)
    assert caught.value.reason is Reason.LOG_INVALID
    assert caught.value.where.startswith(where)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(2, 999, 255), "tile/2/999.p/255"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 1234067, 8), "tile/63/x001/x234/067.p/8"),
    ],
)
def test_a_tile_lies_where_the_layout_says(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tile.entries_path == "tile/entries/" + path.split("/", 2)[2]


def test_a_log_of_70000_entries_has_the_tiles_of_the_published_example() -> None:
    counted: dict[tuple[int, int], int] = {}
    for tile in tiles_of(70_000):
        counted[tile.level, tile.width] = counted.get((tile.level, tile.width), 0) + 1
    assert counted == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}


@pytest.mark.parametrize(
    ("size", "tiles"),
    [
        (0, []),
        (1, [Tile(0, 0, 1)]),
        (255, [Tile(0, 0, 255)]),
        (256, [Tile(0, 0), Tile(1, 0, 1)]),
        (257, [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]),
    ],
)
def test_odd_sizes_have_just_the_tiles_they_need(size: int, tiles: list[Tile]) -> None:
    assert list(tiles_of(size)) == tiles


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_read_back_from_their_bundle(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries), len(entries), where="bundle") == entries


def test_a_bundle_holds_each_entry_after_its_length() -> None:
    assert encode_entries([b"", b"ab", b"x" * 258]) == b"\0\0" + b"\0\2ab" + b"\1\2" + b"x" * 258


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=5), st.data())
def test_a_bundle_cut_short_or_going_on_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    bundle = encode_entries(entries)
    wrong = data.draw(st.sampled_from([bundle[: data.draw(st.integers(0, len(bundle) - 1))], bundle + b"\0\0"]))
    with pytest.raises(WarifuError) as caught:
        decode_entries(wrong, len(entries), where="bundle", first=256)
    assert caught.value.reason is Reason.LOG_INVALID
    assert caught.value.where.startswith(("bundle: cut short in entry ", "bundle: goes on after entry "))


def test_the_largest_entry_is_carried_and_a_larger_one_refused(tmp_path: Path, publish: Publish) -> None:
    largest = [b"small", b"x" * MAX_ENTRY_BYTES]
    write_copy(tmp_path / "good", largest, publish(largest))
    assert list(read_entries(tmp_path / "good", 2)) == largest
    larger = [b"small", b"x" * (MAX_ENTRY_BYTES + 1)]
    refuse_copy(tmp_path / "bad", larger, publish(larger), "entry 1: longer than 65535 bytes")
    assert files_in(tmp_path / "bad") == set()


def test_a_copy_holds_these_files_and_no_other(tmp_path: Path, publish: Publish) -> None:
    entries = entries_of(257)
    write_copy(tmp_path, iter(entries), publish(entries))
    assert files_in(tmp_path) == {
        "checkpoint",
        "tile/entries/000",
        "tile/entries/001.p/1",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
    }
    assert (tmp_path / "checkpoint").read_bytes() == publish(entries)
    assert (tmp_path / "tile/0/001.p/1").read_bytes() == leaf_hash(entries[256])
    assert (tmp_path / "tile/1/000.p/1").read_bytes() == MerkleTree(map(leaf_hash, entries[:256])).root()


def test_the_copy_of_an_empty_log_is_its_checkpoint(tmp_path: Path, publish: Publish) -> None:
    write_copy(tmp_path / "new", [], publish([]))
    assert files_in(tmp_path / "new") == {"checkpoint"}
    assert list(read_entries(tmp_path / "new", 0)) == []


def test_a_copy_is_brought_up_to_date_and_what_was_there_stays(tmp_path: Path, publish: Publish) -> None:
    sizes = [0, 5, 5, 256, 300]
    for size in sizes:
        write_copy(tmp_path, entries_of(size), publish(entries_of(size)))
        assert list(read_entries(tmp_path, size)) == entries_of(size)
    assert {"tile/0/000.p/5", "tile/0/000", "tile/0/001.p/44"} <= files_in(tmp_path)
    assert list(read_entries(tmp_path, 5)) == entries_of(5)


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        (entries_of(4), "checkpoint line 2: the log given has 4 entries"),
        (entries_of(6), "checkpoint line 2: the log given has 6 entries"),
        ([*entries_of(4), b"other"], "checkpoint line 3"),
    ],
)
def test_a_checkpoint_the_entries_do_not_bear_out_is_never_written(
    tmp_path: Path, publish: Publish, entries: list[bytes], where: str
) -> None:
    refuse_copy(tmp_path, entries, publish(entries_of(5)), where)
    assert not (tmp_path / "checkpoint").exists()


def test_a_copy_is_not_written_over_another_log(tmp_path: Path, publish: Publish) -> None:
    write_copy(tmp_path, entries_of(300), publish(entries_of(300)))
    other = [b"forged", *entries_of(299)[1:], b"more", b"more"]
    refuse_copy(tmp_path, other, publish(other), "tile/entries/000: already there with other bytes")
    assert (tmp_path / "checkpoint").read_bytes() == publish(entries_of(300))
    assert list(read_entries(tmp_path, 300)) == entries_of(300)


@pytest.mark.parametrize("size", [0, 1, 4, 255, 256, 299])
def test_a_log_cut_back_does_not_take_the_place_of_the_copy_held(tmp_path: Path, publish: Publish, size: int) -> None:
    write_copy(tmp_path, entries_of(300), publish(entries_of(300)))
    before = files_in(tmp_path)
    refuse_copy(tmp_path, entries_of(size), publish(entries_of(size)), f"checkpoint line 2: the log has {size} entries")
    assert (tmp_path / "checkpoint").read_bytes() == publish(entries_of(300))
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("size", [5, 6, 256, 600])
def test_a_log_that_forked_below_the_copy_held_writes_nothing(tmp_path: Path, publish: Publish, size: int) -> None:
    write_copy(tmp_path, entries_of(5), publish(entries_of(5)))
    before = files_in(tmp_path)
    forked = [*entries_of(4), b"forked", *entries_of(size)[5:]]
    refuse_copy(tmp_path, forked, publish(forked), "checkpoint line 3: the log given does not extend the 5 entries")
    assert files_in(tmp_path) == before
    write_copy(tmp_path, entries_of(600), publish(entries_of(600)))
    assert list(read_entries(tmp_path, 600)) == entries_of(600)


def test_a_copy_of_the_log_of_another_origin_stays(tmp_path: Path, publish: Publish, seed: bytes) -> None:
    write_copy(tmp_path, entries_of(2), publish(entries_of(2)))
    root = MerkleTree(map(leaf_hash, entries_of(3))).root()
    stranger = sign_checkpoint(Checkpoint(origin=log_origin("another"), size=3, root_hash=root), seed)
    refuse_copy(tmp_path, entries_of(3), stranger, "checkpoint line 1: the copy held is of another log")
    assert (tmp_path / "checkpoint").read_bytes() == publish(entries_of(2))


def test_a_note_that_is_no_checkpoint_is_not_written(tmp_path: Path) -> None:
    refuse_copy(tmp_path, [], b"not a note", "checkpoint")
    assert files_in(tmp_path) == set()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, publish: Publish) -> None:
    (tmp_path / "tile").write_text("a file where a folder must be")
    with pytest.raises(WarifuError) as caught:
        write_copy(tmp_path, entries_of(1), publish(entries_of(1)))
    assert (caught.value.reason, caught.value.where) == (Reason.STORE_UNAVAILABLE, "tile/entries/000.p/1")


def test_a_missing_bundle_is_named(tmp_path: Path, publish: Publish) -> None:
    write_copy(tmp_path, entries_of(300), publish(entries_of(300)))
    (tmp_path / "tile/entries/001.p/44").unlink()
    reader = read_entries(tmp_path, 300)
    assert [next(reader) for _ in range(256)] == entries_of(256)
    with pytest.raises(WarifuError) as caught:
        next(reader)
    assert caught.value.where == "tile/entries/001.p/44: missing"


def test_a_copy_is_written_in_the_memory_of_some_tiles(
    tmp_path: Path, origin: str, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warifu.tlog.tiled_tree._TILES_REMEMBERED", 2)
    size = 20_000
    root_hash = MerkleTree(leaf_hash(b"entry %d" % number) for number in range(size)).root()
    signed = sign_checkpoint(Checkpoint(origin=origin, size=size, root_hash=root_hash), seed)

    def peak(attempt: int) -> int:
        tracemalloc.start()
        try:
            write_copy(tmp_path / f"{attempt}", (b"entry %d" % number for number in range(size)), signed)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    least = min(map(peak, range(3)))  # what others in this process take meanwhile is counted too
    assert least < 20 * size, "the tree in memory has 64 bytes a leaf"
