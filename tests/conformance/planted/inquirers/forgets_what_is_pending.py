"""Forgets an inquiry that a clerk has yet to decide."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.again.after-pending"


class Planted(HonestInquirer):
    def ended(self, kept: Kept, response: ExchangeResponse, opened: OpenedAnswer) -> node_pb2.InquiryResult:
        result = super().ended(kept, response, opened)
        if result.state == node_pb2.INQUIRY_STATE_PENDING:
            self.kept.clear()
        return result
