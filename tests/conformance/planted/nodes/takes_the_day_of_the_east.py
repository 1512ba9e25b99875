"""Adds nine hours to a clock that has them already."""

from __future__ import annotations

from datetime import date, timedelta

from tests.conformance.honest_node import HonestNode

from warifu.clock import day_in_japan

CAUGHT_BY = "node.days.not-of-another-zone"


class Planted(HonestNode):
    def today(self) -> date:
        return day_in_japan(self.clock.now() + timedelta(hours=9))
