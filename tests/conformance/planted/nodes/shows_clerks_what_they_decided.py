"""Takes a row off the clerk's list when the answer leaves, and not when it is decided."""

from __future__ import annotations

from collections.abc import Iterable

from tests.conformance.honest_business import PENDING, Kept
from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.flags.asked-once"


class Planted(HonestNode):
    def waiting(self) -> Iterable[Kept]:
        return [kept for kept in self.kept.values() if kept.answer.outcome == PENDING]
