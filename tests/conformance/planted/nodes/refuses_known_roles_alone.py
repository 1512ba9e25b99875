"""Refuses the roles that it knows not to be the hub's, and lets in others."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.alone-of-no-role"


class Planted(HonestNode):
    def admits(self, uris: list[str]) -> bool:
        known = ("/agency/", "/business/", "/authority/", "/supervisor/")
        return len(uris) == 1 and not any(role in uris[0] for role in known)
