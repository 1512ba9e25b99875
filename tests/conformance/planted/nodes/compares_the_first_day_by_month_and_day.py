"""Compares month and day of the first day, and forgets the year."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.next-year"


class Planted(HonestNode):
    def is_published(self, person: CastPerson) -> bool:
        today = self.today().isoformat()
        return person.published_from[5:] <= today[5:] and (
            not person.published_until or today <= person.published_until
        )
