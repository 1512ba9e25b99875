"""Tells the business system that there is no record, when an answer does not verify."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.errors import Reason, WarifuError
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.answers.flipped-box"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        try:
            return super().opened(kept, response)
        except WarifuError:
            raise WarifuError(Reason.RECORD_NOT_HELD) from None
