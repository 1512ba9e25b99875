"""Takes the day from a clock of another part of the world, where it is another day now."""

from __future__ import annotations

from datetime import date, timedelta

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.days.first"


class Planted(HonestNode):
    def today(self) -> date:
        """UTC is nine hours behind Japan: there it is the day before, until nine in the morning of Japan."""
        return super().today() - timedelta(days=1)
