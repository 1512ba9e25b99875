"""Dates inquiries to the millisecond."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.context import ExchangeContext
from warifu.exchange.seal import SealingKey
from warifu.exchange.statements import sign_inquiry

CAUGHT_BY = "inquirer.inquiries.times"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        inquiry, answer_key = super().build(question)
        context = ExchangeContext.decode(inquiry.context)
        inquiry.context = replace(context, issued_ms=context.issued_ms + 1_234).encode()
        sign_inquiry(self.keys.signing_key, inquiry)
        return inquiry, answer_key
