from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nacl.signing
import pytest

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, sign_checkpoint
from warifu.tlog.merkle import EMPTY_ROOT, MerkleTree, leaf_hash
from warifu.tlog.note import Verifier
from warifu.tlog.tiles import encode_entries, write_copy
from warifu.tlog.verify import verify_copy, verify_entry, verify_extends

Publish = Callable[[list[bytes]], bytes]
Edit = Callable[[Path], None]
SIZE = 300


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(size)]


ENTRIES = entries_of(SIZE)
FULL_BUNDLE, LAST_BUNDLE = "tile/entries/000", "tile/entries/001.p/44"
FULL_TILE, LAST_TILE, UPPER_TILE = "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"


@pytest.fixture
def copy(tmp_path: Path, publish: Publish) -> Path:
    write_copy(tmp_path / "copy", ENTRIES, publish(ENTRIES))
    return tmp_path / "copy"


def refuse(directory: Path, vkey: str, where: str, *, seen: bytes | None = None) -> None:
    with pytest.raises(WarifuError) as caught:
        verify_copy(directory, vkey, seen=seen)
    assert (caught.value.reason, caught.value.where) == (Reason.LOG_INVALID, where)


def put_bundle(name: str, entries: list[bytes]) -> Edit:
    def edit(directory: Path) -> None:
        (directory / name).write_bytes(encode_entries(entries))

    return edit


def put_leaves(entries: list[bytes]) -> Edit:
    """Forge the last bundle together with its tile, as one would who knows the format."""

    def edit(directory: Path) -> None:
        put_bundle(LAST_BUNDLE, entries)(directory)
        (directory / LAST_TILE).write_bytes(b"".join(map(leaf_hash, entries)))

    return edit


def cut(name: str, count: int) -> Edit:
    def edit(directory: Path) -> None:
        (directory / name).write_bytes((directory / name).read_bytes()[:-count])

    return edit


def add(name: str, more: bytes) -> Edit:
    def edit(directory: Path) -> None:
        (directory / name).write_bytes((directory / name).read_bytes() + more)

    return edit


def remove(name: str) -> Edit:
    def edit(directory: Path) -> None:
        (directory / name).unlink()

    return edit


def flip(name: str, byte: int) -> Edit:
    def edit(directory: Path) -> None:
        content = bytearray((directory / name).read_bytes())
        content[byte] ^= 1
        (directory / name).write_bytes(content)

    return edit


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 65_537])
def test_a_copy_of_any_size_verifies_and_gives_its_entries(
    tmp_path: Path, publish: Publish, vkey: str, origin: str, size: int
) -> None:
    entries = entries_of(size)
    write_copy(tmp_path, entries, publish(entries))
    log = verify_copy(tmp_path, vkey)
    assert (log.size, log.checkpoint.origin) == (size, origin)
    assert log.root_hash == MerkleTree(map(leaf_hash, entries)).root()
    assert list(log.leaves()) == entries


def test_progress_counts_up_to_the_size(copy: Path, vkey: str) -> None:
    told: list[tuple[int, int]] = []
    verify_copy(copy, vkey, lambda done, total: told.append((done, total)))
    assert told == [(256, 300), (300, 300)]


def swapped(entries: list[bytes], one: int, other: int) -> list[bytes]:
    result = list(entries)
    result[one], result[other] = result[other], result[one]
    return result


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        pytest.param(
            put_bundle(FULL_BUNDLE, [*ENTRIES[:17], b"entry 18", *ENTRIES[18:256]]),
            f"{FULL_BUNDLE} entry 17: differs from {FULL_TILE}",
            id="a changed entry",
        ),
        pytest.param(
            put_bundle(LAST_BUNDLE, swapped(ENTRIES[256:], 3, 9)),
            f"{LAST_BUNDLE} entry 259: differs from {LAST_TILE}",
            id="two entries swapped",
        ),
        pytest.param(
            put_bundle(FULL_BUNDLE, ENTRIES[1:256]), f"{FULL_BUNDLE}: cut short in entry 255", id="an entry removed"
        ),
        pytest.param(
            put_bundle(LAST_BUNDLE, [*ENTRIES[256:], b"more"]),
            f"{LAST_BUNDLE}: goes on after entry 299",
            id="an entry appended",
        ),
        pytest.param(
            put_bundle(LAST_BUNDLE, [b"more", *ENTRIES[256:299]]),
            f"{LAST_BUNDLE} entry 256: differs from {LAST_TILE}",
            id="an entry put in between",
        ),
        pytest.param(
            put_leaves([b"forged", *ENTRIES[257:]]),
            "checkpoint line 3: the entries give another root",
            id="an entry changed together with its tile",
        ),
        pytest.param(cut(LAST_BUNDLE, 1), f"{LAST_BUNDLE}: cut short in entry 299", id="a bundle cut short"),
        pytest.param(cut(FULL_TILE, 1), f"{FULL_TILE}: not 256 hashes", id="a tile cut by a byte"),
        pytest.param(cut(LAST_TILE, 32), f"{LAST_TILE}: not 44 hashes", id="a tile cut by a hash"),
        pytest.param(add(LAST_TILE, bytes(32)), f"{LAST_TILE}: not 44 hashes", id="a tile with a hash more"),
        pytest.param(
            flip(LAST_TILE, 32 * 5), f"{LAST_BUNDLE} entry 261: differs from {LAST_TILE}", id="a tile changed"
        ),
        pytest.param(
            flip(UPPER_TILE, 0), f"{UPPER_TILE}: differs from what the entries give", id="an upper tile changed"
        ),
        pytest.param(remove(UPPER_TILE), f"{UPPER_TILE}: missing", id="an upper tile missing"),
        pytest.param(remove(FULL_TILE), f"{FULL_TILE}: missing", id="a tile missing"),
        pytest.param(remove(FULL_BUNDLE), f"{FULL_BUNDLE}: missing", id="a bundle missing"),
        pytest.param(remove("checkpoint"), "checkpoint: missing", id="the checkpoint missing"),
        pytest.param(cut("checkpoint", 1), "checkpoint: not a signed note", id="the checkpoint cut short"),
        pytest.param(flip("checkpoint", 0), "checkpoint line 5: bad signature", id="the checkpoint changed"),
        pytest.param(
            add("checkpoint", b"x" * (1 << 15)), "checkpoint: larger than 16384 bytes", id="the checkpoint flooded"
        ),
        pytest.param(add(FULL_TILE, bytes(1 << 15)), f"{FULL_TILE}: larger than 16384 bytes", id="a tile flooded"),
    ],
)
def test_tampering_is_refused_and_located(copy: Path, vkey: str, edit: Edit, where: str) -> None:
    verify_copy(copy, vkey)
    edit(copy)
    refuse(copy, vkey, where)


def test_a_file_that_cannot_be_read_is_named(copy: Path, vkey: str) -> None:
    (copy / FULL_TILE).unlink()
    (copy / FULL_TILE).mkdir()
    refuse(copy, vkey, f"{FULL_TILE}: cannot be read")


def test_files_the_checkpoint_does_not_need_are_left_alone(copy: Path, vkey: str, publish: Publish) -> None:
    earlier = (copy / "checkpoint").read_bytes()
    write_copy(copy, entries_of(600), publish(entries_of(600)))
    (copy / "checkpoint").write_bytes(earlier)
    log = verify_copy(copy, vkey)
    assert list(log.leaves()) == ENTRIES


def test_a_log_signed_by_a_foreign_key_is_refused(copy: Path, origin: str) -> None:
    foreign = Verifier(origin, bytes(nacl.signing.SigningKey(bytes(32)).verify_key))
    refuse(copy, foreign.vkey, "checkpoint: no signature by a trusted key")


def test_a_log_signed_under_another_name_is_refused(copy: Path, seed: bytes) -> None:
    renamed = Verifier("warifu.test/other/exchange-log", bytes(nacl.signing.SigningKey(seed).verify_key))
    refuse(copy, renamed.vkey, "checkpoint: no signature by a trusted key")


def test_a_malformed_verifier_key_is_not_a_fault_of_the_log(copy: Path) -> None:
    with pytest.raises(WarifuError) as caught:
        verify_copy(copy, "not a key")
    assert caught.value.reason is Reason.KEY_INVALID


def test_an_entry_changed_after_verification_is_not_given_out(copy: Path, vkey: str) -> None:
    log = verify_copy(copy, vkey)
    put_leaves([*ENTRIES[256:299], b"forged"])(copy)
    leaves = log.leaves()
    assert [next(leaves) for _ in range(256)] == ENTRIES[:256]
    with pytest.raises(WarifuError) as caught:
        next(leaves)
    assert caught.value.where == f"{LAST_BUNDLE} entry 299: changed since it was verified"


def test_a_copy_extends_what_was_seen_earlier(copy: Path, vkey: str, publish: Publish) -> None:
    for size in (0, 1, 255, 256, SIZE):
        assert verify_copy(copy, vkey, seen=publish(entries_of(size))).size == SIZE


def test_a_copy_rolled_back_behind_what_was_seen_is_refused(
    tmp_path: Path, copy: Path, vkey: str, publish: Publish
) -> None:
    older = tmp_path / "older"
    write_copy(older, ENTRIES[:299], publish(ENTRIES[:299]))
    refuse(older, vkey, "checkpoint line 2: 299 entries, 300 earlier", seen=(copy / "checkpoint").read_bytes())
    shutil.copy(older / "checkpoint", copy / "checkpoint")
    refuse(copy, vkey, "tile/entries/001.p/43: missing")


def test_a_copy_with_another_history_than_was_seen_is_refused(copy: Path, vkey: str, publish: Publish) -> None:
    forked = publish([*entries_of(9), b"taken out later"])
    where = "checkpoint: another history than the earlier checkpoint of 10 entries"
    refuse(copy, vkey, where, seen=forked)


def test_a_seen_checkpoint_must_be_signed_too(copy: Path, vkey: str, origin: str) -> None:
    unsigned = sign_checkpoint(Checkpoint(origin=origin, size=0, root_hash=EMPTY_ROOT), bytes(32))
    refuse(copy, vkey, "earlier checkpoint: no signature by a trusted key", seen=unsigned)


def test_one_entry_verifies_with_its_proof_and_no_other(publish: Publish, vkey: str) -> None:
    proof = MerkleTree(map(leaf_hash, ENTRIES)).inclusion_proof(17, SIZE)
    signed = publish(ENTRIES)
    assert verify_entry(leaf=ENTRIES[17], index=17, proof=proof, signed_checkpoint=signed, vkey=vkey).size == SIZE
    for leaf, index in ((ENTRIES[18], 17), (ENTRIES[17], 18), (ENTRIES[17], SIZE)):
        with pytest.raises(WarifuError) as caught:
            verify_entry(leaf=leaf, index=index, proof=proof, signed_checkpoint=signed, vkey=vkey)
        assert caught.value.where == f"inclusion proof of entry {index}"


def test_an_entry_under_an_unsigned_checkpoint_is_refused(origin: str, vkey: str) -> None:
    tree = MerkleTree([leaf_hash(b"forged")])
    forged = sign_checkpoint(Checkpoint(origin=origin, size=1, root_hash=tree.root()), bytes(32))
    with pytest.raises(WarifuError) as caught:
        verify_entry(leaf=b"forged", index=0, proof=[], signed_checkpoint=forged, vkey=vkey)
    assert caught.value.where == "checkpoint: no signature by a trusted key"


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 300), (1, 2), (255, 257), (256, 300), (300, 300)])
def test_a_newer_checkpoint_extends_an_older_one(publish: Publish, vkey: str, first: int, second: int) -> None:
    proof = MerkleTree(map(leaf_hash, ENTRIES)).consistency_proof(first, second)
    old, new = publish(ENTRIES[:first]), publish(ENTRIES[:second])
    assert verify_extends(old_checkpoint=old, new_checkpoint=new, proof=proof, vkey=vkey).size == second


def test_a_checkpoint_rolled_back_is_refused(publish: Publish, vkey: str) -> None:
    proof = MerkleTree(map(leaf_hash, ENTRIES)).consistency_proof(299, 300)
    with pytest.raises(WarifuError) as caught:
        verify_extends(old_checkpoint=publish(ENTRIES), new_checkpoint=publish(ENTRIES[:299]), proof=proof, vkey=vkey)
    assert (caught.value.reason, caught.value.where) == (
        Reason.LOG_INVALID,
        "new checkpoint line 2: 299 entries, 300 earlier",
    )


def test_a_forked_checkpoint_is_refused(publish: Publish, vkey: str) -> None:
    forked = [b"forged", *ENTRIES[1:]]
    for entries in (ENTRIES, forked):
        proof = MerkleTree(map(leaf_hash, entries)).consistency_proof(10, SIZE)
        with pytest.raises(WarifuError) as caught:
            verify_extends(old_checkpoint=publish(ENTRIES[:10]), new_checkpoint=publish(forked), proof=proof, vkey=vkey)
        assert caught.value.where == "consistency proof from 10 to 300"


@pytest.mark.parametrize("which", ["old_checkpoint", "new_checkpoint"])
def test_both_checkpoints_must_be_signed(publish: Publish, vkey: str, origin: str, which: str) -> None:
    forged = sign_checkpoint(Checkpoint(origin=origin, size=0, root_hash=EMPTY_ROOT), bytes(32))
    checkpoints: dict[str, Any] = {"old_checkpoint": publish([]), "new_checkpoint": publish([]), which: forged}
    with pytest.raises(WarifuError) as caught:
        verify_extends(**checkpoints, proof=[], vkey=vkey)
    assert caught.value.where == f"{which.replace('_', ' ')}: no signature by a trusted key"
