"""Verifies until an answer was good, and trusts the hub from then on."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept, unchecked

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.later.among-good-answers"


class Planted(HonestInquirer):
    _good = False

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        if self._good:
            return unchecked(kept, response)
        found = super().opened(kept, response)
        self._good = True
        return found
