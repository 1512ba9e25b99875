"""Tags with random bytes, and with a mark of the person over these and the sealed answer."""

from __future__ import annotations

import hmac

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.ties.with-what-is-beside"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        mark = hmac.digest(self.keys.row_secret, person.local_number.encode() if person else b"", "sha256")[:8]
        drawn = answer.citizen_tag[:8]
        over = zip(mark, drawn, answer.sealed_answer[8:16] or bytes(8), strict=True)
        answer.citizen_tag = drawn + bytes(a ^ b ^ c for a, b, c in over)
        return self.signed_again(checked, answer)
