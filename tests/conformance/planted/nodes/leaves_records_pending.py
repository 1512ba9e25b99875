"""Writes a record when it is asked first, and leaves it when a clerk has decided."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.kept.of-clerks"


class Planted(HonestNode):
    def note(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        if self.key(checked) not in self.records:
            super().note(checked, answer)
