"""Puts a field that the contract has not around an answer."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse

CAUGHT_BY = "node.beside.the-answer"


class Planted(HonestNode):
    async def Provide(self, request: ProvideRequest, context: Any) -> ProvideResponse:
        response = await super().Provide(request, context)
        response.MergeFromString(b"\xc2\x3e\x03K-1")
        return response
