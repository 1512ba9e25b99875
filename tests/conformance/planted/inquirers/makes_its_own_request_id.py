"""Draws a request_id of its own."""

from __future__ import annotations

import secrets

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.seal import SealingKey

CAUGHT_BY = "inquirer.inquiries.asked-for"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        renamed = node_pb2.Inquiry()
        renamed.CopyFrom(question)
        renamed.request_id = secrets.token_bytes(16)
        return super().build(renamed)
