"""Is ahead of Japan's day: what begins tomorrow is given today."""

from __future__ import annotations

from datetime import date, timedelta

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.days.before"


class Planted(HonestNode):
    def today(self) -> date:
        return super().today() + timedelta(days=1)
