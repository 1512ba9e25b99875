"""Verifies answers that have a record, and believes every other outcome."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.answers.made-refused"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        outcome = response.answer.outcome
        if outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED:
            return super().opened(kept, response)
        return OpenedAnswer(outcome=outcome, found=None, provided_ms=0, digest=b"")
