"""Does not look to whom a permit is addressed."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

CAUGHT_BY = "node.permits.for-another"


class Planted(HonestNode):
    def check_address(self, context: Context) -> None:
        return
