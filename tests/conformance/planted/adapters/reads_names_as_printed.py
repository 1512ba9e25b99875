"""Reads the names as they are printed, parted by commas."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.name-that-reads-as-two"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return f"URI:{self.settings['node_uri']}" in ", ".join(f"URI:{uri}" for uri in uris).split(", ")
