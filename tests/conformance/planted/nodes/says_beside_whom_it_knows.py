"""Tells in the metadata of an answer how many records it read."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideResponse

CAUGHT_BY = "node.beside.the-answer"


class Planted(HonestNode):
    async def Provide(self, request: ProvideRequest, context: Any) -> ProvideResponse:
        response = await super().Provide(request, context)
        context.set_trailing_metadata((("x-rows-read", "1" if response.answer.sealed_answer else "0"),))
        return response
