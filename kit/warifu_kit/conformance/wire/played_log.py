"""What the hub tells a node of its log when the two compare, changed on its way by the kit; the rest stays the hub's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from warifu.api.log.v1.log_service_pb2 import CompareLogResponse
from warifu.rpc.edge import behaviour_of

__all__ = ["PlayedLog", "SpoilLog"]

SpoilLog = Callable[[CompareLogResponse], None]
_COMPARE = "/warifu.api.log.v1.LogService/CompareLog"


def _honest(_: CompareLogResponse) -> None:
    pass


class PlayedLog(grpc.aio.ServerInterceptor):
    """``spoil`` changes what is told before it leaves; ``compared`` counts comparisons."""

    def __init__(self) -> None:
        self.spoil: SpoilLog = _honest
        self.compared = 0

    def rest(self) -> None:
        """Change nothing."""
        self.spoil = _honest

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method != _COMPARE:
            return handler
        behaviour = behaviour_of(handler)

        async def call(received: Any, context: Any) -> bytes:
            response = CompareLogResponse.FromString(await behaviour(received, context))
            self.spoil(response)
            self.compared += 1
            return response.SerializeToString()

        return grpc.stream_unary_rpc_method_handler(call)
