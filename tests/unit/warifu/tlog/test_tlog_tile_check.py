"""Whatever is changed in the leaves or tiles of a log, looking at all of them finds it and says where."""

from __future__ import annotations

import random

import pytest

from warifu.errors import Reason, WarifuError
from warifu.tlog.merkle import EMPTY_ROOT, MerkleTree, leaf_hash
from warifu.tlog.tile_check import TileCheck
from warifu.tlog.tiled_tree import TiledTree

SIZE = 66_000
ENTRIES = [b"entry %d" % number for number in range(SIZE + 300)]
ROOT = MerkleTree(map(leaf_hash, ENTRIES[:SIZE])).root()


def tiles_over(entries: list[bytes]) -> dict[tuple[int, int], bytes]:
    tree = TiledTree(lambda _, __: None)
    for entry in entries:
        tree.append(leaf_hash(entry))
    return {(tile.level, tile.number): tile.hashes for tile in tree.unstored()}


TILES = tiles_over(ENTRIES)


class Log:
    """Leaves and tiles as somebody with access to the disk may have changed them; it has grown since the checkpoint."""

    def __init__(self) -> None:
        self.entries = list(ENTRIES)
        self.tiles = dict(TILES)

    def check(self, size: int = SIZE, root: bytes = ROOT) -> TileCheck:
        return TileCheck(size, root, lambda *place: self.tiles.get(place), self.leaves)

    def leaves(self, first: int, count: int) -> list[bytes]:
        return self.entries[first : first + count]

    def fault(self) -> str | None:
        """Where looking at everything finds one."""
        try:
            check = self.check()
            for number in range(check.tiles):
                check.check(number)
        except WarifuError as error:
            return error.where if error.reason is Reason.LOG_INVALID else error.reason.value
        return None


@pytest.fixture
def log() -> Log:
    return Log()


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_an_untouched_log_that_has_grown_since_has_no_fault(log: Log) -> None:
    assert log.fault() is None


def test_an_empty_log_has_nothing_to_look_at(log: Log) -> None:
    assert log.check(0, EMPTY_ROOT).tiles == 0


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_at_every_border_each_tile_can_be_looked_at(log: Log, size: int) -> None:
    check = log.check(size, MerkleTree(map(leaf_hash, ENTRIES[:size])).root())
    for number in range(check.tiles):
        check.check(number)
    log.entries[size - 1] = b"other"
    with pytest.raises(WarifuError) as found:
        check.check(check.tiles - 1)
    assert found.value.where == f"leaf {size - 1}: not the one that was published"


@pytest.mark.parametrize("place", [0, 1, 255, 256, 40_000, 65_535, 65_536, SIZE - 1])
def test_a_changed_leaf_is_found_and_named(log: Log, place: int) -> None:
    log.entries[place] = flipped(log.entries[place], 3)
    assert log.fault() == f"leaf {place}: not the one that was published"


def test_leaves_that_are_gone_are_found(log: Log) -> None:
    del log.entries[40_000]
    assert log.fault() == "leaf 40000: not the one that was published"
    log.entries = ENTRIES[: SIZE - 1]
    assert log.fault() == f"leaf {SIZE - 1}: missing"


@pytest.mark.parametrize("place", [0, 3, 255])
def test_a_changed_tile_of_any_level_is_found_and_named(log: Log, place: int) -> None:
    kinds = {(0, 0): "tile 0/0", (0, 200): "tile 0/200", (0, 255): "tile 0/255", (1, 0): "tile 1/0"}
    for key, named in kinds.items():
        true = log.tiles[key]
        for changed in (flipped(true, 32 * place + 31), true[:-32], true + bytes(32), None):
            log.tiles[key] = changed  # type: ignore[assignment]
            assert log.fault() == f"{named}: not the one that was published"
        log.tiles[key] = true
    assert log.fault() is None


@pytest.mark.parametrize("key", [(0, 257), (1, 1), (2, 0)])
def test_a_changed_tile_at_the_right_edge_is_found_at_once(log: Log, key: tuple[int, int]) -> None:
    log.tiles[key] = flipped(log.tiles[key], 0)
    with pytest.raises(WarifuError) as refused:
        log.check()
    assert refused.value.where == f"checkpoint of size {SIZE}"


def test_a_leaf_changed_together_with_every_tile_above_it_is_found_at_once_by_the_root(log: Log) -> None:
    log.entries[3] = b"other"
    log.tiles = tiles_over(log.entries)
    assert log.fault() == f"checkpoint of size {SIZE}"


def test_a_leaf_changed_together_with_its_tile_is_found_by_the_tile_above(log: Log) -> None:
    log.entries[3] = b"other"
    log.tiles[0, 0] = b"".join(map(leaf_hash, log.entries[:256]))
    assert log.fault() == "tile 0/0: not the one that was published"


def test_tiles_can_be_looked_at_in_any_order(log: Log) -> None:
    check = log.check()
    numbers = list(range(check.tiles))
    random.Random(9).shuffle(numbers)
    for number in numbers:
        check.check(number)
    log.entries[40_000] = b"other"
    with pytest.raises(WarifuError):
        check.check(40_000 // 256)
    check.check(40_000 // 256 + 1)
