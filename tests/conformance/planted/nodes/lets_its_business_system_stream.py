"""Lets its own business system in wherever the hub may go."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.callers.stream-of-own-business"


class Planted(HonestNode):
    def admits_on_streams(self, uris: list[str]) -> bool:
        return uris in ([self.hub_uri], [self.business_uri])
