"""Compares the inquiry and not the processing number."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.other-number"


class Planted(HonestNode):
    def check_same(self, kept: Kept, checked: CheckedPermit) -> None:
        if kept.asked != checked.asked:
            raise WarifuError(Reason.PERMIT_REUSED, where="permit")
