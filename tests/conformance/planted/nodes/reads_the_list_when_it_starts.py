"""Reads the list of certificates that were taken back when it starts."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.revocation.while-connected"


class Planted(HonestNode):
    async def take_list(self) -> None:
        pass
