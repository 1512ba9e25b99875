"""Does not look for how long an inquiry is to live."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.times.lives-a-day"


class Planted(HonestNode):
    def check_fresh(self, checked: CheckedPermit) -> None:
        life = min(checked.context.expires_ms, checked.context.issued_ms + 600_000)
        super().check_fresh(replace(checked, context=replace(checked.context, expires_ms=life)))
