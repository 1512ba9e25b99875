"""Whether the leaves and tiles of a log are those that a checkpoint was signed over, one tile at a time.

Decides that from the root downwards: the right edge must give the root, each tile below must give the hash that the tile
above it holds of it, and each leaf the hash that its tile holds. So any tile can be looked at by itself, in any order, and
whoever has looked at all of level 0 has looked at everything. Nothing is kept but the tiles above the last one.

Must never know: what an entry says, keys, where leaves and tiles are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from warifu.errors import Reason, WarifuError
from warifu.tlog.merkle import HASH_LENGTH, MerkleTree, leaf_hash
from warifu.tlog.tiled_tree import TILE_WIDTH, ReadTile, TiledTree, hashes_at

__all__ = ["ReadLeaves", "TileCheck"]

ReadLeaves: TypeAlias = Callable[[int, int], Sequence[bytes]]
"""Gives up to so many leaves (the second number) from a position on (the first), in order."""


class TileCheck:
    """Holds the log that ``read`` and ``leaves`` give against the root of its first ``size`` leaves.

    Raises:
        WarifuError: LOG_INVALID when the tiles at the right edge do not give ``root_hash``.
    """

    def __init__(self, size: int, root_hash: bytes, read: ReadTile, leaves: ReadLeaves) -> None:
        tree = TiledTree(read, size)
        if tree.root() != root_hash:
            raise WarifuError(Reason.LOG_INVALID, where=f"checkpoint of size {size}")
        self._size = size
        self._read = read
        self._leaves = leaves
        self._edges = {tile.level: tile.hashes for tile in tree.edges()}
        self._path: dict[int, tuple[int, bytes]] = {}

    @property
    def size(self) -> int:
        """How many leaves are looked at."""
        return self._size

    @property
    def tiles(self) -> int:
        """How many tiles level 0 has, counted from 0."""
        return -(-self._size // TILE_WIDTH)

    def check(self, number: int) -> None:
        """Look at a tile of level 0, at the leaves under it, and at the tiles above it. Raises: LOG_INVALID, naming which."""
        hashes = self._sound(0, number)
        first, count = number * TILE_WIDTH, len(hashes) // HASH_LENGTH
        leaves = self._leaves(first, count)
        if b"".join(map(leaf_hash, leaves)) == hashes:
            return
        for place, leaf in enumerate(leaves):
            if leaf_hash(leaf) != hashes[place * HASH_LENGTH : (place + 1) * HASH_LENGTH]:
                raise WarifuError(Reason.LOG_INVALID, where=f"leaf {first + place}: not the one that was published")
        raise WarifuError(Reason.LOG_INVALID, where=f"leaf {first + len(leaves)}: missing")

    def _sound(self, level: int, number: int) -> bytes:
        """The hashes of a tile that the root vouches for."""
        if number == hashes_at(level + 1, self._size):
            return self._edges[level]
        held, hashes = self._path.get(level, (None, b""))
        if held != number:
            hashes = self._checked(level, number)
            self._path[level] = number, hashes
        return hashes

    def _checked(self, level: int, number: int) -> bytes:
        above, place = divmod(number, TILE_WIDTH)
        expected = self._sound(level + 1, above)[place * HASH_LENGTH : (place + 1) * HASH_LENGTH]
        hashes = self._read(level, number)
        if hashes is None or len(hashes) != TILE_WIDTH * HASH_LENGTH or MerkleTree.of_joined(hashes).root() != expected:
            raise WarifuError(Reason.LOG_INVALID, where=f"tile {level}/{number}: not the one that was published")
        return hashes
