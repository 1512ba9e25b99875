"""Two signed checkpoints of one log: whether both can be of it.

Decides what two checkpoints, and a consistency proof between them if there is one, show. Two logs are shown beyond doubt by
two roots of one size, and by a proof that implies the larger root and another smaller one: the larger tree has that other one
inside. A proof that implies neither shows nothing but that whoever gave it has not shown what an honest log always can.

Must never know: who signed, who was shown what, files, the clock.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from warifu.errors import WarifuError
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import Continuation
from warifu.tlog.merkle import MerkleTree, implied_roots

__all__ = ["Relation", "relation", "relation_in"]


class Relation(enum.Enum):
    """What is shown of two checkpoints."""

    ONE_LOG = "ONE_LOG"
    """The larger extends the smaller."""

    TWO_LOGS = "TWO_LOGS"
    """Nothing extends both."""

    CONTINUED = "CONTINUED"
    """One of them says that the log went on from an older state, oftener than the other: neither needs to extend the other."""

    NOT_SHOWN = "NOT_SHOWN"
    """Neither."""


def relation(first: Checkpoint, second: Checkpoint, proof: Sequence[bytes] = ()) -> Relation:
    """What is shown of two checkpoints of one origin, in either order, with what is said to be the proof between them.

    ``proof`` is a consistency proof, 32 bytes each, from the smaller to the larger.
    """
    if Continuation.of(first).number != Continuation.of(second).number:
        return Relation.CONTINUED
    smaller, larger = sorted((first, second), key=lambda each: each.size)
    if smaller.size == larger.size:
        return Relation.ONE_LOG if smaller.root_hash == larger.root_hash else Relation.TWO_LOGS
    if smaller.size == 0:
        return Relation.ONE_LOG
    try:
        older, newer = implied_roots(smaller.size, larger.size, smaller.root_hash, proof)
    except WarifuError:
        return Relation.NOT_SHOWN
    if newer != larger.root_hash:
        return Relation.NOT_SHOWN
    return Relation.ONE_LOG if older == smaller.root_hash else Relation.TWO_LOGS


def relation_in(tree: MerkleTree, first: Checkpoint, second: Checkpoint) -> Relation:
    """As :func:`relation`, with a whole log in hand that has the larger one: NOT_SHOWN when it has not."""
    if Continuation.of(first).number != Continuation.of(second).number:
        return Relation.CONTINUED
    smaller, larger = sorted((first, second), key=lambda each: each.size)
    if larger.size > tree.size or tree.root(larger.size) != larger.root_hash:
        return relation(first, second)
    return Relation.ONE_LOG if tree.root(smaller.size) == smaller.root_hash else Relation.TWO_LOGS
