"""Has the flag at the newest record, and gives older ones without a clerk."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.flags.each-year"


class Planted(HonestNode):
    _year = 0

    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        self._year = query.fiscal_year
        return super().answer(checked, query, person)

    def waits(self, person: CastPerson) -> bool:
        return super().waits(person) and self._year in (0, max(person.years))
