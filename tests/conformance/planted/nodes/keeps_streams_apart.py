"""Looks for what was answered among what came on a stream, and keeps it there."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse

CAUGHT_BY = "node.stream.as-alone"


class Planted(HonestNode):
    async def one_of_many(self, request: ProvideRequest, left: float) -> ProvideResponse:
        alone, self.kept = self.kept, {}
        try:
            return await super().one_of_many(request, left)
        finally:
            self.kept = alone
