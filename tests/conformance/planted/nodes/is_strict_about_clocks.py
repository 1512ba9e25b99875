"""Allows no clock to be off."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.a-little-off"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        now = self.clock.unix_ms()
        if not checked.context.issued_ms <= now <= checked.context.expires_ms:
            raise WarifuError(Reason.CLOCK_SKEWED)
        super().check_fresh(checked)
