"""Answers from the first row that it finds."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import CheckedPermit
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.records.own"


class Planted(HonestNode):
    def find(self, checked: CheckedPermit) -> CastPerson | None:
        return next(iter(self.rows.values())) if super().find(checked) is not None else None
