"""Verifies the first answer about each person, and no other about them."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept, unchecked

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.exchange.inquiry import OpenedAnswer

CAUGHT_BY = "inquirer.later.among-good-answers"


class Planted(HonestInquirer):
    _known: frozenset[bytes] = frozenset()

    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        person = kept.asked.partition(b"\x1a")[0][18:]
        if person in self._known:
            return unchecked(kept, response)
        found = super().opened(kept, response)
        self._known |= {person}
        return found
