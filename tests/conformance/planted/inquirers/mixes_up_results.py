"""Hands whatever came last to whoever waits."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.together.records"


class Planted(HonestInquirer):
    newest: node_pb2.InquiryResult | None = None

    def ended(self, kept: Kept, response: ExchangeResponse, opened: OpenedAnswer) -> node_pb2.InquiryResult:
        before, self.newest = self.newest, super().ended(kept, response, opened)
        return before or self.newest
