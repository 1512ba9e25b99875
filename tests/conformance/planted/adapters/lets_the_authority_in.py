"""Lets the numbering authority in: it knows everybody anyway."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.of-authority"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return uris == [self.settings["node_uri"]] or any("/authority/" in uri for uri in uris)
