"""Serves NodeService to whomever it lets in at all."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.node-service-of-hub"


class Planted(HonestNode):
    def admits_business(self, uris: list[str]) -> bool:
        return super().admits_business(uris) or self.admits(uris)
