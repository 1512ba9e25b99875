"""Integrated: the tree over the hub's log, taken up where its tiles end.

Decides what a hub that starts looks at before it goes on: that the tiles give the root last published, and that the leaves
at the right edge are those that were. What lies further left is looked at while it serves (``whole_check``). A log without
tiles, of a hub that kept none, has them made once, from all of its leaves. Never looks inside a leaf, and signs nothing.
"""

from __future__ import annotations

from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import get_logger
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.merkle import EMPTY_ROOT, leaf_hash
from warifu.tlog.tile_check import TileCheck
from warifu.tlog.tiled_tree import TiledTree
from warifu_hub.store import HubStore

__all__ = ["integrate", "take_up"]

_CHUNK: Final = 4096
_STORED_TOGETHER: Final = 1 << 14
_SAID_EACH: Final = 1 << 18


def take_up(store: HubStore, published: Checkpoint | None) -> tuple[TiledTree, TileCheck]:
    """The tree of the leaves that ``published`` covers, and what looks at the rest of it.

    Raises:
        WarifuError: LOG_INVALID when leaves or tiles are not those that were published; LOG_UNAVAILABLE.
    """
    size, root_hash = (published.size, published.root_hash) if published else (0, EMPTY_ROOT)
    if store.leaf_count() < size:
        raise WarifuError(Reason.LOG_INVALID, where=f"checkpoint of size {size}: {store.leaf_count()} leaves")
    tree = TiledTree(store.tile, min(size, store.tiled_size()))
    if tree.size < size:
        _make_tiles(store, tree, size)
    check = TileCheck(size, root_hash, store.tile, store.leaves)
    for number in {check.tiles - 1, store.suspected_tile()}:
        if number is not None and 0 <= number < check.tiles:
            check.check(number)
    count = store.leaf_count()
    if count - tree.size > _STORED_TOGETHER:  # as many as a second never brings: somebody filled the log by hand
        _make_tiles(store, tree, count)
    return tree, check


def integrate(store: HubStore, tree: TiledTree) -> int:
    """Bring every sequenced leaf into the tree; the size it has then."""
    while leaves := store.leaves(tree.size, _CHUNK):
        for leaf in leaves:
            tree.append(leaf_hash(leaf))
    return tree.size


def _make_tiles(store: HubStore, tree: TiledTree, size: int) -> None:
    """Make the tiles of the first ``size`` leaves. A hub that is stopped meanwhile goes on with it when it starts again."""
    while tree.size < size:
        end = min(tree.size + _STORED_TOGETHER, size)
        leaves = store.leaves(tree.size, end - tree.size)
        if missing := end - tree.size - len(leaves):
            where = f"leaves {tree.size} to {end - 1}: {missing} of them missing"
            raise WarifuError(Reason.LOG_INVALID, where=where)
        for leaf in leaves:
            tree.append(leaf_hash(leaf))
        store.put_tiles(tuple(tree.unstored()))
        tree.stored(tree.size)
        if tree.size % _SAID_EACH == 0 or tree.size == size:
            get_logger("hub").info("log_tiles_made", leaves=tree.size, of=size)
