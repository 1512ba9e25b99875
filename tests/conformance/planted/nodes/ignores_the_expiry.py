"""Never looks whether a permit has expired."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.expired"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        now = self.clock.unix_ms()
        if checked.context.issued_ms > now + 120_000 or checked.permit_ms > now + 120_000:
            raise WarifuError(Reason.CLOCK_SKEWED)
