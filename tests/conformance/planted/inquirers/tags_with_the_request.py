"""Fills in the tag after it signed."""

from __future__ import annotations

import secrets

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.seal import SealingKey

CAUGHT_BY = "inquirer.inquiries.signature"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        inquiry, answer_key = super().build(question)
        inquiry.citizen_tag = secrets.token_bytes(16)
        return inquiry, answer_key
