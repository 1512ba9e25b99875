"""Verifies that an answer is pending, and no more what is fetched later."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept, unchecked

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.later.when-fetched"


class Planted(HonestInquirer):
    _pending: frozenset[bytes] = frozenset()

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        if kept.inquiry.context in self._pending:
            return unchecked(kept, response)
        found = super().opened(kept, response)
        if found.found is None:
            self._pending |= {kept.inquiry.context}
        return found
