"""Does not look at the suite."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

CAUGHT_BY = "node.permits.other-suite"


class Planted(HonestNode):
    def check_suite(self, context: Context) -> None:
        return
