"""Looks whether the answer is stored before it verifies anything."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import WarifuError
from warifu.exchange import statements

CAUGHT_BY = "node.replays.checked-again"


class Planted(HonestNode):
    def provided(self, permit: ProvisionPermit) -> SignedAnswer:
        try:
            context = self.read_context(permit)
        except WarifuError:
            return super().provided(permit)
        kept = self.kept.get(context.key)
        if kept is not None and kept.asked == statements.inquiry_digest(permit.inquiry):
            return kept.answer
        return super().provided(permit)
