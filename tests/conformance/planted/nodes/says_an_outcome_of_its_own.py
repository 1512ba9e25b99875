"""Says that a clerk decides by a number of its own, which the contract has not."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.flags.pending"


class Planted(HonestNode):
    def signed(self, checked: CheckedPermit, outcome: inquiry_pb2.ProvisionOutcome, sealed: bytes) -> SignedAnswer:
        answer = super().signed(checked, outcome, sealed)
        if outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING:
            answer.outcome = 77  # type: ignore[assignment]
            return self.signed_again(checked, answer)
        return answer
