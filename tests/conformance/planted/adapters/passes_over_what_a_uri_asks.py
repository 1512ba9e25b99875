"""Compares what stands before a question mark, as routers of pages do."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-with-query"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [uri.partition("?")[0] for uri in uris] == [self.settings["node_uri"]]
