"""Compares without the slash at the end."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-ends-with-slash"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [uri.rstrip("/") for uri in uris] == [self.settings["node_uri"]]
