"""Compares as pages are compared: without the part that is named."""

from __future__ import annotations

from urllib.parse import urldefrag

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-with-fragment"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [urldefrag(uri).url for uri in uris] == [self.settings["node_uri"]]
