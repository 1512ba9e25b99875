"""Ends refused calls with a gRPC status alone."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.errors import WarifuError
from warifu.rpc.status import to_grpc_status

CAUGHT_BY = "node.errors.told"


class Planted(HonestNode):
    async def end(self, context: Any, error: WarifuError, request: ProvideRequest) -> None:
        await context.abort(to_grpc_status(error).code, "refused")
