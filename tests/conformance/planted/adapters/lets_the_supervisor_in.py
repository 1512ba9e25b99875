"""Lets the supervisor in: it may look at everything, may it not."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.of-supervisor"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return uris == [self.settings["node_uri"]] or any("/supervisor/" in uri for uri in uris)
