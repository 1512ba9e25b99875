"""Ends every refused call with the status INTERNAL."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.errors import WarifuError
from warifu.rpc.status import to_grpc_status

CAUGHT_BY = "node.errors.status"


class Planted(HonestNode):
    async def end(self, context: Any, error: WarifuError, request: ProvideRequest) -> None:
        context.set_trailing_metadata(to_grpc_status(error).trailing_metadata)
        await context.abort(grpc.StatusCode.INTERNAL, "failed")
