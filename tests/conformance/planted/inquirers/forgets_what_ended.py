"""Sends what has ended again as something new."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.again.ended"


class Planted(HonestInquirer):
    def ended(self, kept: Kept, response: ExchangeResponse, opened: OpenedAnswer) -> node_pb2.InquiryResult:
        result = super().ended(kept, response, opened)
        self.kept.clear()
        return result
