"""Compares as many characters as its column has."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-goes-on-with-digits"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return len(uris) == 1 and uris[0][: len(self.settings["node_uri"])] == self.settings["node_uri"]
