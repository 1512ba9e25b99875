"""Believes the hub that a clerk decides first."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.answers.made-pending"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        if response.answer.outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING:
            return OpenedAnswer(outcome=response.answer.outcome, found=None, provided_ms=0, digest=b"")
        return super().opened(kept, response)
