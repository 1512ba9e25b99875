"""Gives the newest year whichever was asked for."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import OpenedQuery

CAUGHT_BY = "node.records.year"


class Planted(HonestNode):
    def fits(self, year: int, query: OpenedQuery) -> bool:
        return True
