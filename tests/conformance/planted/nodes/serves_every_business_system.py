"""Lets in whoever is a business system, of whichever agency."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.node-service-of-another-business"


class Planted(HonestNode):
    def admits_business(self, uris: list[str]) -> bool:
        return len(uris) == 1 and "/business/" in uris[0]
