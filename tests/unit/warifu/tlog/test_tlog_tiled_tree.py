"""The tree in tiles is the tree in memory, at every size and however often it was put down and taken up again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint, sign_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.tiled_tree import TiledTree, hashes_at
from warifu.tlog.tiles import tiles_of, write_copy

LARGE = 66_000  # beyond the first whole tile of level 1
ENTRIES = [b"entry %d" % number for number in range(LARGE)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
TREE = MerkleTree(LEAVES)
BORDERS = [
    near
    for border in (0, 256, 512, 1024, 32_768, 65_280, 65_536, 65_792)
    for near in (border - 1, border, border + 1)
    if near >= 0
]


class Kept:
    """Tiles that were stored, and what was read of them."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.asked: list[tuple[int, int]] = []

    def read(self, level: int, number: int) -> bytes | None:
        self.asked.append((level, number))
        return self.tiles.get((level, number))

    def store(self, tree: TiledTree) -> int:
        changed = list(tree.unstored())
        self.tiles.update({(tile.level, tile.number): tile.hashes for tile in changed})
        tree.stored(tree.size)
        return len(changed)

    def grown(self, *sizes: int) -> TiledTree:
        """The tree that grew to each of these sizes, was stored there, and taken up again."""
        tree = TiledTree(self.read)
        for size in sizes:
            for leaf in LEAVES[tree.size : size]:
                tree.append(leaf)
            self.store(tree)
            tree = TiledTree(self.read, size)
        return tree


@pytest.fixture(scope="module")
def whole() -> Kept:
    kept = Kept()
    kept.grown(LARGE)
    return kept


def some_proofs(tree: TiledTree | MerkleTree, size: int) -> Iterator[list[bytes]]:
    places = sorted(
        {place for place in (0, 1, 254, 255, 256, 257, 65_535, 65_536, size - 2, size - 1) if 0 <= place < size}
    )
    for place in places:
        yield tree.inclusion_proof(place, size)
        yield tree.consistency_proof(place, size)
        yield tree.consistency_proof(place + 1, size)


@pytest.mark.parametrize("size", BORDERS)
def test_a_tree_taken_up_at_a_border_has_every_root_and_proof_of_the_tree_in_memory(whole: Kept, size: int) -> None:
    tree = TiledTree(whole.read, size)
    assert (tree.size, tree.root()) == (size, TREE.root(size))
    for earlier in [border for border in BORDERS if border <= size]:
        assert tree.root(earlier) == TREE.root(earlier)
        assert list(some_proofs(tree, earlier)) == list(some_proofs(TREE, earlier))


def test_a_tree_that_is_put_down_after_each_leaf_has_the_root_of_the_tree_in_memory_at_every_size() -> None:
    kept = Kept()
    tree = TiledTree(kept.read)
    for size, leaf in enumerate(LEAVES[:1100], start=1):
        tree.append(leaf)
        assert tree.root() == TREE.root(size)
        kept.store(tree)
        tree = TiledTree(kept.read, size)
        assert tree.root() == TREE.root(size)
        assert tree.inclusion_proof(size // 2, size) == TREE.inclusion_proof(size // 2, size)


@given(st.lists(st.integers(0, LARGE), min_size=1, max_size=6).map(sorted), st.data())
@settings(max_examples=25, deadline=None)
def test_wherever_a_tree_is_put_down_it_proves_what_the_tree_in_memory_proves(
    sizes: list[int], data: st.DataObject
) -> None:
    tree = Kept().grown(*sizes)
    size = data.draw(st.integers(0, tree.size))
    assert tree.root(size) == TREE.root(size)
    assert list(some_proofs(tree, size)) == list(some_proofs(TREE, size))


def test_a_tree_proves_what_it_has_not_stored_yet_too() -> None:
    kept = Kept()
    tree = kept.grown(300)
    for leaf in LEAVES[300:1500]:
        tree.append(leaf)
    assert list(some_proofs(tree, 1500)) == list(some_proofs(TREE, 1500))
    tree.stored(300)
    assert tree.root() == TREE.root(1500)


def test_what_grew_while_tiles_were_stored_is_stored_the_next_time() -> None:
    kept = Kept()
    tree = TiledTree(kept.read)
    for leaf in LEAVES[:500]:
        tree.append(leaf)
    first = list(tree.unstored())
    for leaf in LEAVES[500:1000]:
        tree.append(leaf)
    kept.tiles.update({(tile.level, tile.number): tile.hashes for tile in first})
    tree.stored(500)
    kept.store(tree)
    assert TiledTree(kept.read, 1000).root() == TREE.root(1000)


def test_a_tree_says_only_what_changed() -> None:
    kept = Kept()
    tree = kept.grown(65_534)
    changed = []
    for leaf in LEAVES[65_534:65_538]:
        tree.append(leaf)
        changed.append(kept.store(tree))
    # another leaf; the last of its tile, of the one above it and of the first of the level above that; another leaf
    assert changed == [1, 3, 1, 1]
    assert kept.store(tree) == 0


def test_a_proof_reads_one_tile_of_each_level_at_most_and_none_again(whole: Kept) -> None:
    tree = TiledTree(whole.read, LARGE)
    whole.asked.clear()
    tree.inclusion_proof(10_000, LARGE)
    assert sorted(whole.asked) == [(0, 39), (1, 0)]
    tree.inclusion_proof(10_001, LARGE)
    assert len(whole.asked) == 2


def test_a_tree_holds_some_tiles_however_many_were_asked_for(whole: Kept) -> None:
    tree = TiledTree(whole.read, LARGE)
    for place in range(0, LARGE, 256):
        tree.inclusion_proof(place, LARGE)
    assert len(tree._remembered) <= 128
    whole.asked.clear()
    tree.inclusion_proof(0, LARGE)
    assert whole.asked == [(0, 0)], "the oldest made room"


def test_its_tiles_are_the_files_of_a_copy(whole: Kept, tmp_path: Path, origin: str, seed: bytes) -> None:
    size = 1000
    kept = Kept()
    kept.grown(300, 700, size)
    write_copy(
        tmp_path, ENTRIES[:size], sign_checkpoint(Checkpoint(origin=origin, size=size, root_hash=TREE.root(size)), seed)
    )
    tiles = list(tiles_of(size))
    assert len(tiles) == len(kept.tiles)
    for tile in tiles:
        assert (tmp_path / tile.path).read_bytes() == kept.tiles[tile.level, tile.number]


@pytest.mark.parametrize(("level", "number"), [(0, 257), (1, 0), (1, 1), (2, 0), (0, 3)])
@pytest.mark.parametrize("what", ["missing", "too short"])
def test_a_tile_that_is_gone_or_cut_is_said(whole: Kept, level: int, number: int, what: str) -> None:
    kept = Kept()
    kept.tiles = dict(whole.tiles)
    if what == "missing":
        del kept.tiles[level, number]
    else:
        kept.tiles[level, number] = kept.tiles[level, number][:-1]
    with pytest.raises(WarifuError) as refused:
        TiledTree(kept.read, LARGE).inclusion_proof(3 * 256 + 7, 65_536)
    assert refused.value.reason is Reason.LOG_INVALID
    assert refused.value.where == f"tile {level}/{number}: missing or too short"


@pytest.mark.parametrize(("place", "size"), [(-1, 5), (5, 5), (0, LARGE + 1)])
def test_a_proof_beyond_the_tree_is_refused(whole: Kept, place: int, size: int) -> None:
    with pytest.raises(WarifuError) as refused:
        TiledTree(whole.read, LARGE).inclusion_proof(place, size)
    assert refused.value.reason is Reason.REQUEST_MALFORMED


def test_a_level_has_a_256th_of_the_hashes_of_the_one_below() -> None:
    assert [hashes_at(level, 65_536 * 256 + 255) for level in range(5)] == [16_777_471, 65_536, 256, 1, 0]
    assert list(itertools.takewhile(bool, (hashes_at(level, 255) for level in itertools.count()))) == [255]
