"""Compares the beginning of the URI."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.certificates.uri-goes-on"


class Planted(HonestNode):
    def admits(self, uris: list[str]) -> bool:
        return len(uris) == 1 and uris[0].startswith(self.hub_uri)
