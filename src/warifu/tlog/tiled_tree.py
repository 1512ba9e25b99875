"""The Merkle tree of a log of any length, in tiles of 256 hashes that lie elsewhere.

Decides which tiles a tree is made of (C2SP ``tlog-tiles``: level 0 holds leaf hashes, each level above the roots of the
whole tiles below), which of them changed while it grew, and which it needs to prove something. In memory are the tile at
the right edge of each level, the whole ones nobody has stored yet, and a few that were read last: nothing grows with use.

A hash read from a tile is taken as it is. Whoever holds the tree checks the right edge against a root it trusts
(:meth:`TiledTree.root`), and the rest in its own time; a proof made from a changed tile verifies with nobody.

Must never know: what an entry says, keys, files, where tiles are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from warifu.errors import Reason, WarifuError
from warifu.tlog.merkle import HASH_LENGTH, MerkleTree, ProvingTree

__all__ = ["TILE_HEIGHT", "TILE_WIDTH", "HashTile", "ReadTile", "TiledTree", "hashes_at"]

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
_TILES_REMEMBERED: Final = 128
"""Of 16 KiB each, with their inner hashes."""

ReadTile: TypeAlias = Callable[[int, int], bytes | None]
"""Gives the hashes of the tile of a level and a number within it, 32 bytes each, or None where there is no such tile."""


@dataclass(frozen=True, slots=True)
class HashTile:
    """One tile: its level, its number within the level, and its hashes from the left, 1 to 256 of 32 bytes each."""

    level: int
    number: int
    hashes: bytes


def hashes_at(level: int, size: int) -> int:
    """How many hashes a tree of ``size`` leaves has at ``level``."""
    return size >> (TILE_HEIGHT * level)


class TiledTree(ProvingTree):
    """The tree of ``size`` leaves whose tiles ``read`` gives.

    Raises:
        WarifuError: LOG_INVALID, here or when it is asked for a proof, where a tile is missing or too short.
    """

    __slots__ = ("_edges", "_read", "_remembered", "_size", "_stored_size", "_unstored")

    def __init__(self, read: ReadTile, size: int = 0) -> None:
        self._read = read
        self._size = self._stored_size = size
        self._unstored: dict[tuple[int, int], MerkleTree] = {}
        self._remembered: OrderedDict[tuple[int, int], MerkleTree] = OrderedDict()
        self._edges: list[MerkleTree] = []
        while not self._edges or hashes_at(len(self._edges), size):
            self._edges.append(self._edge(len(self._edges)))

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, leaf_hash: bytes) -> None:
        """Append one 32-byte leaf hash. Raises ValueError for any other length."""
        level, node = 0, leaf_hash
        self._edges[0].append(node)
        self._size += 1
        while self._edges[level].size == TILE_WIDTH:
            whole = self._edges[level]
            self._edges[level] = MerkleTree()
            level += 1
            self._unstored[level - 1, hashes_at(level, self._size) - 1] = whole
            if level == len(self._edges):
                self._edges.append(MerkleTree())
            self._edges[level].append(whole.root())

    def unstored(self) -> Iterator[HashTile]:
        """The tiles that changed since :meth:`stored`, as they are now."""
        yield from self.whole()
        for edge in self.edges():
            if hashes_at(edge.level, self._size) != hashes_at(edge.level, self._stored_size):
                yield edge

    def whole(self) -> Iterator[HashTile]:
        """The whole tiles among those; they never change again."""
        for (level, number), tile in self._unstored.items():
            yield HashTile(level, number, tile.subtree_hashes(0, 0, TILE_WIDTH))

    def edges(self) -> Iterator[HashTile]:
        """The tiles at the right edge that are not whole, from level 0 up."""
        for level, tile in enumerate(self._edges):
            if tile.size:
                yield HashTile(level, hashes_at(level + 1, self._size), tile.subtree_hashes(0, 0, tile.size))

    def stored(self, size: int) -> None:
        """Every tile of the first ``size`` leaves can be read now."""
        self._stored_size = max(self._stored_size, size)
        whole = [(level, number) for level, number in self._unstored if number < hashes_at(level + 1, size)]
        for key in whole:
            self._remember(key, self._unstored.pop(key))

    def _edge(self, level: int) -> MerkleTree:
        """The tile at the right edge of a level as it was at the size the tree begins with."""
        number, width = divmod(hashes_at(level, self._size), TILE_WIDTH)
        return self._taken(level, number, width) if width else MerkleTree()

    def _node(self, height: int, number: int) -> bytes:
        level, within = divmod(height, TILE_HEIGHT)
        tile, place = divmod(number << within, TILE_WIDTH)
        return self._tile(level, tile).subtree_hashes(within, place >> within, 1)

    def _tile(self, level: int, number: int) -> MerkleTree:
        if number == hashes_at(level + 1, self._size):
            return self._edges[level]
        if (held := self._unstored.get((level, number))) is not None:
            return held
        if (held := self._remembered.get((level, number))) is not None:
            self._remembered.move_to_end((level, number))
            return held
        tile = self._taken(level, number, TILE_WIDTH)
        self._remember((level, number), tile)
        return tile

    def _remember(self, key: tuple[int, int], tile: MerkleTree) -> None:
        self._remembered[key] = tile
        if len(self._remembered) > _TILES_REMEMBERED:
            self._remembered.popitem(last=False)

    def _taken(self, level: int, number: int, width: int) -> MerkleTree:
        """A tile that was stored, no wider than it is to be: it may have grown since."""
        hashes = self._read(level, number)
        if hashes is None or len(hashes) < width * HASH_LENGTH:
            raise WarifuError(Reason.LOG_INVALID, where=f"tile {level}/{number}: missing or too short")
        return MerkleTree.of_joined(hashes[: width * HASH_LENGTH])
