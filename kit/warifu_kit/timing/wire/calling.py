"""The party that calls on while its caller asked for times: it asks in turn, and notes how long it waited."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from warifu.rpc.hops import HOPS_KEY, hops_from
from warifu_kit.timing.stopwatch import WATCH
from warifu_kit.timing.wire.serving import TIMED

__all__ = ["TimedCalls"]

_Continuation = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]


class TimedCalls(grpc.aio.UnaryUnaryClientInterceptor):
    """Asks whoever is called for its times, where this party was asked for its own."""

    async def intercept_unary_unary(
        self, continuation: _Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        """See :class:`grpc.aio.UnaryUnaryClientInterceptor`."""
        watch, method = WATCH.get(), _method(client_call_details)
        if watch is None or method not in TIMED:
            return await continuation(client_call_details, request)
        metadata = grpc.aio.Metadata(*(client_call_details.metadata or ()), (HOPS_KEY, "1"))
        began_s = time.perf_counter()
        details: Any = client_call_details  # a named tuple, which the published types do not say
        call = await continuation(details._replace(metadata=metadata), request)
        try:
            await call
        finally:
            watch.waited_s = time.perf_counter() - began_s
        told = [value for key, value in await call.trailing_metadata() or () if key == HOPS_KEY]
        watch.beyond = hops_from(str(told[0])) if told else ()
        return call


def _method(details: grpc.aio.ClientCallDetails) -> str:
    method: str | bytes = details.method
    return method if isinstance(method, str) else method.decode()
