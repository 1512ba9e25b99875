"""A log that went on from an older state: how its checkpoints say so, and when a reader may follow it.

Decides the one extension line that such a log's checkpoints carry from then on (how often it went on so far, and the
position of the leaf that says so), and what a reader who has seen an earlier checkpoint makes of the next. A log that never
went on writes no such line. What a leaf means is not known here.

Source: C2SP tlog-checkpoint (extension lines); the line itself is this project's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.merkle import leaf_hash, verify_consistency, verify_inclusion

__all__ = ["MOST_CONTINUATIONS", "NEVER_CONTINUED", "Continuation", "check_follows"]

MOST_CONTINUATIONS: Final = 10**9 - 1
"""The highest number that a continuation has: nine digits."""

_LAST_POSITION: Final = 2**63 - 1
_LINE: Final = re.compile(r"continued ([1-9][0-9]*) at (0|[1-9][0-9]*)", re.ASCII)
_DIGITS: Final = 20  # so many are above either range, whatever follows


@dataclass(frozen=True, slots=True)
class Continuation:
    """How often a log went on from an older state, from 1, and where the newest leaf about it is; 0 and -1 for never.

    The number is at most :data:`MOST_CONTINUATIONS`, the position below 2**63: what can be written can be read.
    Raises: LOG_INVALID for others.
    """

    number: int
    position: int

    def __post_init__(self) -> None:
        is_in_range = 1 <= self.number <= MOST_CONTINUATIONS and 0 <= self.position <= _LAST_POSITION
        if not is_in_range and (self.number, self.position) != (0, -1):
            raise WarifuError(Reason.LOG_INVALID, where="continuation")

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Continuation:
        """What a checkpoint says about it. Lines of any other kind are passed over.

        Raises: LOG_INVALID for a number or position out of range: read as none, it would be a log that never went on.
        """
        found = [match for line in checkpoint.extensions if (match := _LINE.fullmatch(line))]
        return cls(int(found[-1][1][:_DIGITS]), int(found[-1][2][:_DIGITS])) if found else NEVER_CONTINUED

    @property
    def lines(self) -> tuple[str, ...]:
        """The extension lines of a checkpoint of such a log."""
        return (f"continued {self.number} at {self.position}",) if self.number else ()


NEVER_CONTINUED: Final = Continuation(0, -1)
"""What an unbroken log's checkpoints say, by saying nothing."""


def check_follows(
    seen: Checkpoint,
    newer: Checkpoint,
    *,
    consistency: Sequence[bytes],
    continuation_leaf: bytes,
    continuation_proof: Sequence[bytes],
) -> bool:
    """See that ``newer`` may follow ``seen``, both signed by the log: whether the log is unbroken between them.

    False when it went on from an older state since, and says so itself: under its signature, with a proof that the leaf
    that says so is in it. Proofs are lists of 32-byte hashes.

    Raises:
        WarifuError: LOG_BEHIND when the log is another one than seen before, and does not say so; LOG_INVALID when it
            says so out of range.
    """
    if seen.size <= newer.size and _is_consistent(seen, newer, consistency):
        return True
    continued = Continuation.of(newer)
    if continued.number <= Continuation.of(seen).number:
        raise WarifuError(Reason.LOG_BEHIND, where=f"log of {newer.size} entries, {seen.size} seen before")
    try:
        verify_inclusion(
            leaf_hash=leaf_hash(continuation_leaf),
            index=continued.position,
            size=newer.size,
            proof=continuation_proof,
            root=newer.root_hash,
            where="continuation",
        )
    except WarifuError as error:
        raise WarifuError(Reason.LOG_BEHIND, where=f"continuation {continued.number}", debug=error.where) from error
    return False


def _is_consistent(seen: Checkpoint, newer: Checkpoint, proof: Sequence[bytes]) -> bool:
    try:
        verify_consistency(
            first=seen.size,
            second=newer.size,
            first_root=seen.root_hash,
            second_root=newer.root_hash,
            proof=proof,
            where="consistency proof",
        )
    except WarifuError:
        return False
    return True
