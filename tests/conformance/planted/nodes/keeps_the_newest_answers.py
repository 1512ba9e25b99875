"""Keeps as many answers as fit into its memory, and makes others anew."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.after-many"
ROOM = 128


class Planted(HonestNode):
    def keep(self, checked: CheckedPermit, answer: SignedAnswer) -> None:
        super().keep(checked, answer)
        if len(self.kept) > ROOM:
            del self.kept[next(iter(self.kept))]
