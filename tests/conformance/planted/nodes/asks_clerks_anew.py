"""Keeps a refusal for one answer, and asks the clerk again when it is asked again."""

from __future__ import annotations

from tests.conformance.honest_business import PENDING, Kept
from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.flags.refused-again"


class Planted(HonestNode):
    def again(self, kept: Kept, checked: CheckedPermit) -> SignedAnswer:
        if kept.answer.outcome == inquiry_pb2.PROVISION_OUTCOME_REFUSED:
            kept.answer, kept.decision = self.signed(checked, PENDING, b""), 0
        return super().again(kept, checked)
