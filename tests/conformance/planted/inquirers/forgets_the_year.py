"""Leaves the fiscal year out of the query."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.seal import SealingKey

CAUGHT_BY = "inquirer.inquiries.query"


class Planted(HonestInquirer):
    def build(self, question: node_pb2.Inquiry) -> tuple[SignedInquiry, SealingKey]:
        newest = node_pb2.Inquiry()
        newest.CopyFrom(question)
        newest.fiscal_year = 0
        return super().build(newest)
