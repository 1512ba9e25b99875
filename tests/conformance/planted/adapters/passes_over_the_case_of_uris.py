"""Compares without looking at the case."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.uri-in-capitals"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return [uri.lower() for uri in uris] == [self.settings["node_uri"].lower()]
