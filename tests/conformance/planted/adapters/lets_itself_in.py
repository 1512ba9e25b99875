"""Lets its own certificate in, with which it was tried out."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.of-own-business"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return uris == [self.settings["node_uri"]] or any("/business/" in uri for uri in uris)
