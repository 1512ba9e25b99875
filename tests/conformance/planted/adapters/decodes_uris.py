"""Compares what is left when the URI is decoded."""

from __future__ import annotations

from urllib.parse import unquote

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-percent-coded"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [unquote(uri) for uri in uris] == [self.settings["node_uri"]]
