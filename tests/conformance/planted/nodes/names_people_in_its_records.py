"""Writes into the record of an exchange whom it was about."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.kept.nobody-in-it"


class Planted(HonestNode):
    def note(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        super().note(checked, answer)
        person = self.find(checked)
        if person is not None:
            self.records[self.key(checked)].reason = person.local_number
