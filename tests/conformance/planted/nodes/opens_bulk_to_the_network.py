"""Lets in every member in bulk."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.bulk-of-another-agency"


class Planted(HonestNode):
    def admits_in_bulk(self, uris: list[str]) -> bool:
        return True
