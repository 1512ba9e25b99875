"""Decides again, and does not compare the row."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.permits.other-row"


class Planted(HonestNode):
    def decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        decided = ProvisionPermit()
        decided.CopyFrom(permit)
        decided.permission_row = self.stage.row.number
        super().decide_again(decided, checked)
