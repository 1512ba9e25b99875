"""Verifies a sample of what comes, every second one."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept, unchecked

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.later.among-good-answers"


class Planted(HonestInquirer):
    _came = 0

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        self._came += 1
        return super().opened(kept, response) if self._came % 2 else unchecked(kept, response)
