"""Trusts whoever has a certificate of the network."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.certificates.of-another-agency"


class Planted(HonestNode):
    def admits(self, uris: list[str]) -> bool:
        return True
