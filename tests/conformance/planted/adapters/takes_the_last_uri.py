"""Takes the last URI for the name of the caller."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.two-uris-other-first"


class Planted(HonestAdapter):
    def admits(self, uris: list[str], names: list[str]) -> bool:
        return uris[-1:] == [self.settings["node_uri"]]
