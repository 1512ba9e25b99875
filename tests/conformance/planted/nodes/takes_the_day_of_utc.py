"""Takes the day from its server, which goes by UTC."""

from __future__ import annotations

from datetime import date

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.days.not-of-another-zone"


class Planted(HonestNode):
    def today(self) -> date:
        return self.clock.now().date()
