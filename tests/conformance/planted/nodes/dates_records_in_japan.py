"""Writes Japan's time into its records as if it were UTC."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.kept.answered"


class Planted(HonestNode):
    def note(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        super().note(checked, answer)
        self.records[self.key(checked)].requested_time.seconds += 9 * 3600
