"""Leaves the second half of the tag out where there is nobody whose history it could be."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.tags.length"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        if person is None:
            answer.citizen_tag = answer.citizen_tag[:8]
        return self.signed_again(checked, answer)
