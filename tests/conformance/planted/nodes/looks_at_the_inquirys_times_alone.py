"""Does not look when it was permitted."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.permitted-in-the-future"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        checked.context.check_times(self.clock.now())
