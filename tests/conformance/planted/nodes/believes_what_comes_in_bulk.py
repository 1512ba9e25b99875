"""Verifies no signature of the hub in bulk: the hub alone can open that stream."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit

CAUGHT_BY = "node.bulk.forged"


class Planted(HonestNode):
    _in_bulk = False

    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        self._in_bulk = True
        try:
            return await super().one_in_bulk(request, left)
        finally:
            self._in_bulk = False

    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        if not self._in_bulk:
            super().check_hub(permit, asked)
