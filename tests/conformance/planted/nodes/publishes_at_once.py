"""Does not look from when a record may be provided."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.records.not-published"


class Planted(HonestNode):
    def is_published(self, person: CastPerson) -> bool:
        return True
