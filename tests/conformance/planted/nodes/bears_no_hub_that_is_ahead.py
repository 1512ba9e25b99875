"""Refuses what was permitted later than now, be it by a second."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.hub-ahead"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        super().check_fresh(checked)
        if checked.permit_ms > self.clock.unix_ms():
            raise WarifuError(Reason.CLOCK_SKEWED, where="permit.permit_time")
