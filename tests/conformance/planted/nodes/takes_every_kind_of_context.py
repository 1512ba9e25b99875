"""Does not look what a context is for."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

CAUGHT_BY = "node.permits.kind-of-context"


class Planted(HonestNode):
    def check_kind(self, context: Context) -> None:
        return
