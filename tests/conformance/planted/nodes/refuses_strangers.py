"""Has another outcome for somebody whom it does not know."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.answers.same-size"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        if person is None:
            return self.signed(checked, inquiry_pb2.PROVISION_OUTCOME_REFUSED, b"")
        return super().answer(checked, query, person)
