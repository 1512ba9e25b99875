"""Compares the beginning of the URI."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-goes-on"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return len(uris) == 1 and uris[0].startswith(self.settings["node_uri"])
