"""Looks for the request_id, waits for its database, and stores then."""

from __future__ import annotations

import asyncio

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.replays.other-at-once"


class Planted(HonestNode):
    async def asked_to_provide(self, request: ProvideRequest) -> SignedAnswer:
        self._seen = dict(self.kept)
        await asyncio.sleep(0.05)  # the database
        return await super().asked_to_provide(request)

    def check_same(self, kept: Kept, checked: CheckedPermit) -> None:
        if self.key(checked) in self._seen:
            super().check_same(kept, checked)
