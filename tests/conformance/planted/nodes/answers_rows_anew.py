"""Keeps no answer to what comes in bulk, which nobody asks for again."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse

CAUGHT_BY = "node.bulk.replayed"


class Planted(HonestNode):
    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        kept, self.kept = self.kept, {}
        try:
            return await super().one_in_bulk(request, left)
        finally:
            self.kept = kept
