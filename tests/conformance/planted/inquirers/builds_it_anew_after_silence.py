"""Forgets an inquiry of which the hub said nothing."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason, WarifuError

CAUGHT_BY = "inquirer.again.after-silence"


class Planted(HonestInquirer):
    async def exchange(self, inquiry: SignedInquiry, left: float) -> ExchangeResponse:
        try:
            return await super().exchange(inquiry, left)
        except WarifuError as error:
            if error.reason is Reason.HUB_TIMED_OUT:
                self.kept.clear()
            raise
