"""Takes a decision about a number that it does not know for one about what waits first."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.flags.decided-for-nobody"


class Planted(HonestNode):
    def waits_for_clerk(self, number: str) -> Kept | None:
        return super().waits_for_clerk(number) or next(iter(self.waiting()), None)
