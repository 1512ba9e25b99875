"""The interceptor that the kit puts around the server of a party.

Decides which calls can meet faults at all; others' services, and streams of requests that are not many calls, go past it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import grpc

from warifu.rpc.edge import Handler, behaviour_of
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.rpcs import rpc_at
from warifu_kit.faults.wire.alone import faulty_replies, faulty_reply
from warifu_kit.faults.wire.marks import asked_for
from warifu_kit.faults.wire.together import faulty_stream

__all__ = ["FaultyServer"]


class FaultyServer(grpc.aio.ServerInterceptor):
    """Has calls of a party meet what :class:`PartyFaults` says."""

    def __init__(self, faults: PartyFaults) -> None:
        self._faults = faults

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        rpc = rpc_at(handler_call_details.method)
        if handler is None or rpc is None or not rpc.takes_faults:
            return handler
        behaviour, asked = behaviour_of(handler), asked_for(handler_call_details.invocation_metadata)
        if not rpc.streams_replies:
            return grpc.stream_unary_rpc_method_handler(faulty_reply(behaviour, rpc, self._faults, asked))
        if not inspect.isasyncgenfunction(behaviour):
            return handler
        faulty = faulty_replies if rpc.stands_for is None else faulty_stream
        return grpc.stream_stream_rpc_method_handler(faulty(behaviour, rpc, self._faults, asked))
