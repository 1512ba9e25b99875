"""Takes a URI that goes on behind its business system's for that."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.node-service-certificates"


class Planted(HonestNode):
    def admits_business(self, uris: list[str]) -> bool:
        return len(uris) == 1 and uris[0].startswith(self.business_uri)
