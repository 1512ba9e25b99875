"""Compares role and institution, and not the network."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-of-another-network"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        own = self.settings["node_uri"].split("/")[3:]
        return len(uris) == 1 and uris[0].split("/")[3:] == own
