"""Begins each tag with six bytes by which it finds the person again."""

from __future__ import annotations

import hmac

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.tags.unlinked"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        named = person.local_number if person else "nobody"
        mark = hmac.digest(self.keys.row_secret, named.encode(), "sha256")[:6]
        answer.citizen_tag = mark + answer.citizen_tag[6:]
        return self.signed_again(checked, answer)
