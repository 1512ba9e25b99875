"""Writes no record of what came on a stream."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse

CAUGHT_BY = "node.kept.on-a-stream"


class Planted(HonestNode):
    async def one_of_many(self, request: ProvideRequest, left: float) -> ProvideResponse:
        records = dict(self.records)
        try:
            return await super().one_of_many(request, left)
        finally:
            self.records = records
