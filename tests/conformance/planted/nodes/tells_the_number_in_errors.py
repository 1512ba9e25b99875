"""Says in an error which exchange it was."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.errors import WarifuError
from warifu.rpc.status import to_grpc_status

CAUGHT_BY = "node.errors.nothing-personal"


class Planted(HonestNode):
    async def end(self, context: Any, error: WarifuError, request: ProvideRequest) -> None:
        told = to_grpc_status(error)
        context.set_trailing_metadata(told.trailing_metadata)
        await context.abort(told.code, f"exchange {request.permit.processing_number}: {error.reason.value}")
