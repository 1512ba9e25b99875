"""Looks whether the hub's URI is among those of the certificate."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.certificates.two-uris"


class Planted(HonestNode):
    def admits(self, uris: list[str]) -> bool:
        return self.hub_uri in uris
