"""Goes by the directory that it started with."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.rotation.new-key"


class Planted(HonestNode):
    async def take_newer(self) -> bool:
        return False
