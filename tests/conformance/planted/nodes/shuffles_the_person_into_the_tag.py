"""Tags with a mark of the person whose bytes are masked one with the next."""

from __future__ import annotations

import hmac
import secrets

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.ties.of-one-person"


class Planted(HonestNode):
    def answer(self, checked: CheckedPermit, query: OpenedQuery, person: CastPerson | None) -> SignedAnswer:
        answer = super().answer(checked, query, person)
        mark = hmac.digest(self.keys.row_secret, person.local_number.encode() if person else b"", "sha256")[:16]
        drawn = secrets.token_bytes(16)
        ring = drawn[1:] + drawn[:1]
        answer.citizen_tag = bytes(a ^ b ^ c for a, b, c in zip(mark, drawn, ring, strict=True))
        return self.signed_again(checked, answer)
