"""Keeps days with two digits of the year, as its tables always did."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.last-century"


class Planted(HonestNode):
    def is_published(self, person: CastPerson) -> bool:
        today, last = self.today().isoformat(), person.published_until
        return person.published_from <= today and (not last or today[2:] <= last[2:])
