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

__all__ = ["NEVER_CONTINUED", "Continuation", "check_follows"]

_LINE: Final = re.compile(r"continued ([1-9][0-9]{0,8}) at (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Continuation:
    """How often a log went on from an older state, from 1, and where the newest leaf about it is; 0 and -1 for never."""

    number: int
    position: int

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Continuation:
        """What a checkpoint says about it. Lines of any other kind are passed over."""
        found = [match for line in checkpoint.extensions if (match := _LINE.fullmatch(line))]
        return cls(int(found[-1][1]), int(found[-1][2])) if found else NEVER_CONTINUED

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
        WarifuError: LOG_BEHIND when the log is another one than seen before, and does not say so.
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
