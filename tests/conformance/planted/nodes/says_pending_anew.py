"""Stores no PENDING answer, and makes it anew each time."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.flags.pending-again"


class Planted(HonestNode):
    def keep(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        if answer.outcome != inquiry_pb2.PROVISION_OUTCOME_PENDING:
            super().keep(checked, answer)
