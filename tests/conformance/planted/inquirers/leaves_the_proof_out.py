"""Sends no proof of its code, and signs that."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import sign_inquiry

CAUGHT_BY = "inquirer.inquiries.code-proof"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        inquiry, answer_key = super().build(question)
        inquiry.code_proof = bytes(64)
        sign_inquiry(self.keys.signing_key, inquiry)
        return inquiry, answer_key
