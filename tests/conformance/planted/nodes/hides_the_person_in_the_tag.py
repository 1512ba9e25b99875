"""Masks the person's row with the request's number, which stands beside the tag for everybody to see."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.tags.of-nothing"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        mark = self.opened(checked) or bytes(16)
        answer.citizen_tag = bytes(a ^ b for a, b in zip(mark, checked.context.request_id, strict=True))
        return self.signed_again(checked, answer)
