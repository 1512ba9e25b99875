"""Leaves proofs out when there is much to do."""

from __future__ import annotations

import asyncio

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange import provision
from warifu.exchange.provision import CheckedPermit
from warifu_kit.conformance.stage import Stage

CAUGHT_BY = "node.load.one-of-many"
ROOM = 8


class Planted(HonestNode):
    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.under_way, self.in_a_hurry = 0, set[str]()

    async def asked_to_provide(self, request: ProvideRequest) -> SignedAnswer:
        self.under_way += 1
        if self.under_way > ROOM:
            self.in_a_hurry.add(request.permit.processing_number)
        try:
            await asyncio.sleep(0.1)  # the database
            return await super().asked_to_provide(request)
        finally:
            self.under_way -= 1

    def opened(self, checked: CheckedPermit) -> bytes | None:
        if checked.processing_number in self.in_a_hurry:
            return provision.open_row_key_unproven(checked, self.keys, self.directory)
        return super().opened(checked)
