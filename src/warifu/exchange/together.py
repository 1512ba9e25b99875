"""Work that calls in lockstep share: gathered while they come, done once by the first to come back.

Decides which calls share (those with the same key: one addressee, one pair of institutions), how many at most, and the
shape of the tree in which each then shows its own statement: a Merkle tree, hashed as RFC 6962 does. Must never know what
the statements say.

    way        turns u8, siblings 32 each, 1 to 8 of them from the leaf upwards; empty for a statement alone

Bit i of ``turns`` is 1 where sibling i is on the left; bits beyond the last sibling are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from warifu.lockstep import Paced
from warifu.tlog.merkle import HASH_LENGTH, leaf_hash, node_hash

__all__ = ["MOST_TOGETHER", "LastWays", "Together", "root_of", "ways_to_root"]

MOST_TOGETHER: Final = 256
"""Statements in one tree."""

_DEEPEST: Final = 8

Item = TypeVar("Item")
Share = TypeVar("Share")


class Together(Generic[Item, Share]):
    """Gathers items of calls in lockstep and has ``work`` done for all of one key at once. On one thread only."""

    __slots__ = ("_most", "_open")

    def __init__(self, most: int = MOST_TOGETHER) -> None:
        """``most`` items are done at once; another one begins a new group."""
        self._most = most
        self._open: dict[Hashable, _Group[Item, Share]] = {}

    def sharing(self, key: Hashable, item: Item, work: Callable[[Sequence[Item]], Sequence[Share]]) -> Paced[Share]:
        """This call's share of ``work`` for all in step that have the same ``key``. Raises: what ``work`` raises."""
        group = self._open.setdefault(key, _Group())
        place = group.add(item)
        if place + 1 == self._most:
            del self._open[key]
        try:
            yield
        except BaseException:  # the call is given up
            group.left -= 1
            if not group.left:
                self._close(key, group)
            raise
        if not group.shares:  # the first to come back works for all
            self._close(key, group)
            group.shares = work(group.items)
        return group.shares[place]

    def _close(self, key: Hashable, group: _Group[Item, Share]) -> None:
        if self._open.get(key) is group:
            del self._open[key]


class _Group(Generic[Item, Share]):
    """Items that are worked on together, and then what came of it."""

    __slots__ = ("items", "left", "shares")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.shares: Sequence[Share] = ()
        self.left = 0  # calls that still want theirs

    def add(self, item: Item) -> int:
        """Take one more; its place."""
        self.items.append(item)
        self.left += 1
        return len(self.items) - 1


def ways_to_root(statements: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The root of the tree over at least one statement, and each one's way to it."""
    turns, siblings = [0] * len(statements), [b""] * len(statements)
    level = [(leaf_hash(statement), [place]) for place, statement in enumerate(statements)]
    while len(level) > 1:
        above = []
        for (left, on_left), (right, on_right) in zip(level[::2], level[1::2], strict=False):
            for place in on_left:
                siblings[place] += right
            for place in on_right:
                turns[place] |= 1 << len(siblings[place]) // HASH_LENGTH
                siblings[place] += left
            above.append((node_hash(left, right), on_left + on_right))
        level = above + level[len(above) * 2 :]  # a last one without a partner goes up as it is
    ways = [bytes([turn]) + way if way else b"" for turn, way in zip(turns, siblings, strict=True)]
    return level[0][0], ways


def root_of(statement: bytes, way: bytes) -> bytes:
    """The root to which ``way`` leads from the statement. Raises: ValueError when it is no way."""
    running = leaf_hash(statement)
    if not way:
        return running
    turns = _turns_of(way)
    for start in range(1, len(way), HASH_LENGTH):
        sibling = way[start : start + HASH_LENGTH]
        running = node_hash(sibling, running) if turns & 1 else node_hash(running, sibling)
        turns >>= 1
    return running


def _turns_of(way: bytes) -> int:
    turns, depth, rest = way[0], *divmod(len(way) - 1, HASH_LENGTH)
    if rest or not 1 <= depth <= _DEEPEST or turns >> depth:
        raise ValueError("not a way to a root")
    return turns


class LastWays:
    """Of each tree the way that was followed last, so that the next is followed only to where the two meet.

    Statements of one tree come in its order, mostly, and then two hashes lead to where the last way was, in place of eight. Only
    what led to a good root is kept, and where two ways meet all the rest of them must be the same bytes.
    """

    __slots__ = ("_most", "_trees")

    def __init__(self, most: int = 512) -> None:
        """``most`` trees are remembered; the oldest goes first."""
        self._most = most
        self._trees: dict[Hashable, dict[int, _Step]] = {}

    def follow(self, tree: Hashable, statement: bytes, way: bytes, check_root: Callable[[bytes], None]) -> None:
        """Follow a way to where ``check_root`` has been passed, or passes now. On one thread only.

        Raises: ValueError when it is no way to a root; what ``check_root`` raises, and then nothing is kept.
        """
        turns, rest, running = _turns_of(way), way[1:], leaf_hash(statement)
        known, walked = self._trees.get(tree, {}), dict[int, _Step]()
        while rest:
            last = known.get(len(rest))
            if last is not None and _meets(last, running, turns, rest):
                break
            walked[len(rest)] = (running, turns, rest)
            sibling, rest = rest[:HASH_LENGTH], rest[HASH_LENGTH:]
            running = node_hash(sibling, running) if turns & 1 else node_hash(running, sibling)
            turns >>= 1
        else:
            check_root(running)
        self._keep(tree, known | walked)

    def _keep(self, tree: Hashable, steps: dict[int, _Step]) -> None:
        if tree not in self._trees and len(self._trees) == self._most:
            del self._trees[next(iter(self._trees))]
        self._trees[tree] = steps


_Step: TypeAlias = tuple[bytes, int, bytes]
"""A node on the way, the turns from there upwards, and the siblings from there upwards."""


def _meets(last: _Step, running: bytes, turns: int, rest: bytes) -> bool:
    """Whether ``last`` went on from this very node, or from its sibling."""
    node, turned, went = last
    if node == running:
        return turned == turns and went == rest
    return (
        turned ^ 1 == turns
        and rest[:HASH_LENGTH] == node
        and went[:HASH_LENGTH] == running
        and went[HASH_LENGTH:] == rest[HASH_LENGTH:]
    )
