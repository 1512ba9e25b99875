"""Compares what stands behind the scheme."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-of-another-scheme"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [uri.partition(":")[2] for uri in uris] == [self.settings["node_uri"].partition(":")[2]]
