"""Keeps the permit in the node instead of in the call."""

from __future__ import annotations

import asyncio

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer

CAUGHT_BY = "node.many.together"


class Planted(HonestNode):
    _permit: ProvisionPermit

    async def asked_to_provide(self, request: ProvideRequest) -> SignedAnswer:
        self._permit = request.permit
        await asyncio.sleep(0.05)  # the database
        return self.provided(self._permit)
