"""Takes the newest record, and only then looks whether it is published."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.agency import Absence, Found
from warifu.exchange.provision import OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.newest-of-later"


class Planted(HonestNode):
    def found(self, person: CastPerson | None, query: OpenedQuery) -> Found:
        years = [year for year in person.years if self.fits(year, query)] if person is not None else []
        if person is None or not years:
            return Absence.NOT_HELD
        newest = max(years)
        return self.record(person, newest) if self.is_year_published(person, newest, query) else Absence.NOT_PUBLISHED
