"""Looks whether a permit has expired, and at nothing else."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.of-the-future"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        if checked.context.expires_ms < self.clock.unix_ms() - 120_000:
            raise WarifuError(Reason.CLOCK_SKEWED)
