"""Tags with a random number, and with the sum of it and a mark of the person."""

from __future__ import annotations

import hmac

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.ties.of-one-person"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        mark = hmac.digest(self.keys.row_secret, person.local_number.encode() if person else b"", "sha256")[:8]
        drawn = answer.citizen_tag[:8]
        total = (int.from_bytes(drawn) + int.from_bytes(mark)) % 2**64
        answer.citizen_tag = drawn + total.to_bytes(8)
        return self.signed_again(checked, answer)
