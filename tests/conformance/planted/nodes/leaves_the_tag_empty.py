"""Puts zeros where the tag is to be."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.answers.tag"


class Planted(HonestNode):
    def signed(self, checked: CheckedPermit, outcome: inquiry_pb2.ProvisionOutcome, sealed: bytes) -> SignedAnswer:
        answer = super().signed(checked, outcome, sealed)
        answer.citizen_tag = bytes(16)
        return self.signed_again(checked, answer)
