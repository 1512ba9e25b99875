"""Takes any processing number, and verifies the answer only where there is one."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.agency import ProvidedRecord
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.answers.no-number"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        if response.processing_number:
            return super().opened(kept, response)
        return OpenedAnswer(outcome=response.answer.outcome, found=ProvidedRecord("T", b""), provided_ms=0, digest=b"")
