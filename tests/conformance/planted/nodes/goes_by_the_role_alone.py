"""Lets in whoever is a hub, of whichever network."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.certificates.uri-of-another-network"


class Planted(HonestNode):
    def admits(self, uris: list[str]) -> bool:
        return len(uris) == 1 and "/hub/" in uris[0]
