"""Answers the same permit anew each time."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.same-again"


class Planted(HonestNode):
    def keep(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        return
