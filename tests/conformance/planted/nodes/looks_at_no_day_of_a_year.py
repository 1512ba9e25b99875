"""Gives whoever names a year the record of it, whatever its days are."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.year-asked-for"


class Planted(HonestNode):
    def is_year_published(self, person: CastPerson, year: int, query: OpenedQuery) -> bool:
        return bool(query.fiscal_year) or super().is_year_published(person, year, query)
