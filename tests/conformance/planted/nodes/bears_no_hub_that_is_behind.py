"""Refuses what was permitted earlier than the inquiry, be it by a second."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.hub-behind"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        super().check_fresh(checked)
        if checked.permit_ms < checked.context.issued_ms:
            raise WarifuError(Reason.CLOCK_SKEWED, where="permit.permit_time")
