"""Makes the tag of the person and the request's number, which stands beside it for everybody to see."""

from __future__ import annotations

import hmac

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import sign_inquiry

CAUGHT_BY = "inquirer.together.tags"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        inquiry, answer_key = super().build(question)
        person = hmac.digest(b"the office's", question.local_number.encode(), "sha256")
        inquiry.citizen_tag = bytes(a ^ b for a, b in zip(person, question.request_id, strict=False))
        sign_inquiry(self.keys.signing_key, inquiry)
        return inquiry, answer_key
