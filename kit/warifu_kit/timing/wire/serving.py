"""The party that is called: it tells its times to a caller that asks, when the call was answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from warifu.rpc.edge import Behaviour, Handler, behaviour_of
from warifu.rpc.hops import HOPS_KEY
from warifu.rpc.identity import AnyContext
from warifu.rpc.multiplex import MADE_ALONE
from warifu_kit.timing.stopwatch import WATCH, Stopwatch

__all__ = ["TIMED", "TimingServer"]

TIMED = frozenset(
    {
        "/warifu.api.node.v1.NodeService/Inquire",
        "/warifu.api.hub.v1.HubService/Exchange",
        "/warifu.api.agency.v1.AgencyService/Provide",
    }
)
"""The RPCs that one inquiry is made of."""


class TimingServer(grpc.aio.ServerInterceptor):
    """Tells the times of the calls of one party."""

    def __init__(self, role: str) -> None:
        self._role = role

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        if handler is None or handler_call_details.method not in TIMED:
            return handler
        return grpc.stream_unary_rpc_method_handler(self._timed(behaviour_of(handler)))

    def _timed(self, behaviour: Behaviour) -> Behaviour:
        async def call(received: Any, context: AnyContext) -> Any:
            if not any(key == HOPS_KEY for key, _ in context.invocation_metadata() or ()):
                return await behaviour(received, context)
            watch = Stopwatch(self._role)
            WATCH.set(watch)  # the call has a task of its own
            MADE_ALONE.set(True)
            reply = await behaviour(received, context)
            context.set_trailing_metadata(((HOPS_KEY, watch.told()),))
            return reply

        return call
