"""Looks at the caller of single calls, and forgets streams."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.stream-of-another-agency"


class Planted(HonestNode):
    def admits_on_streams(self, uris: list[str]) -> bool:
        return True
