"""Looks from when a record may be provided, and not until when."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.days.after"


class Planted(HonestNode):
    def is_published(self, person: CastPerson) -> bool:
        return person.published_from <= self.today().isoformat()
