"""Counts the last day no more."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.last"


class Planted(HonestNode):
    def is_published(self, person: CastPerson) -> bool:
        today = self.today().isoformat()
        return person.published_from <= today and (not person.published_until or today < person.published_until)
