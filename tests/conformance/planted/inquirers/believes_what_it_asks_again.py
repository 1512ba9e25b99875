"""Verifies what comes of the first attempt; the way on which it asks again has no such step."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept, unchecked

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.later.when-asked-again"


class Planted(HonestInquirer):
    _sent: tuple[bytes, ...] = ()

    async def exchange(self, inquiry: SignedInquiry, left: float) -> ExchangeResponse:
        self._sent += (inquiry.context,)
        return await super().exchange(inquiry, left)

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        again = self._sent.count(kept.inquiry.context) > 1
        return unchecked(kept, response) if again else super().opened(kept, response)
