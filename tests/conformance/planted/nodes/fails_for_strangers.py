"""Fails with RECORD_NOT_HELD for somebody whom it does not know."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.agency import Found
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.records.stranger"


class Planted(HonestNode):
    def found(self, person: CastPerson | None, query: OpenedQuery) -> Found:
        if person is None:
            raise WarifuError(Reason.RECORD_NOT_HELD)
        return super().found(person, query)
