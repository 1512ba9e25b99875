"""Discards an answer that the hub says it permitted later than now."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.errors import Reason, WarifuError
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.answers.hub-ahead"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        if response.permit_time.ToMilliseconds() > self.clock.unix_ms():
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="permit_time")
        return super().opened(kept, response)
