"""What a party serves, noted as it passes: the interceptor nearest to the party.

Decides that a call is noted once it ended, as the party ended it, with what it read and gave. Calls that share a stream are
noted as the calls that they are.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc

from warifu.errors import WarifuError
from warifu.rpc.edge import Behaviour, Handler, behaviour_of
from warifu.rpc.identity import AnyContext, caller
from warifu_kit.faults.rpcs import Rpc, rpc_at
from warifu_kit.recording.order import Recorder
from warifu_kit.recording.recorded import SERVED
from warifu_kit.recording.wire.ends import CANCELLED, End, end_told
from warifu_kit.recording.wire.together import NotedStream

__all__ = ["RecordingServer"]


class RecordingServer(grpc.aio.ServerInterceptor):
    """Tells a :class:`Recorder` of every call of the contract that the party serves."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        rpc = rpc_at(handler_call_details.method)
        if handler is None or rpc is None:
            return handler
        behaviour = behaviour_of(handler)
        if not rpc.streams_replies:
            return grpc.stream_unary_rpc_method_handler(_noted_reply(behaviour, rpc, self._recorder))
        if not inspect.isasyncgenfunction(behaviour):
            return handler
        return grpc.stream_stream_rpc_method_handler(_noted_replies(behaviour, rpc, self._recorder))


class _Context:
    """gRPC's own, but that it keeps the request that the party reads, and how the party ends the call."""

    def __init__(self, context: AnyContext) -> None:
        self._context: Any = context
        self.request: bytes | None = None
        self.end: End | None = None

    async def read(self) -> Any:
        """The request."""
        received = await self._context.read()
        if isinstance(received, bytes):
            self.request = received
        return received

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> None:
        """End the call. Raises: AbortError, as gRPC's own does."""
        self.end = end_told(code, trailing_metadata)
        await self._context.abort(code, details, trailing_metadata)

    async def abort_with_status(self, status: Any) -> None:
        """End the call. Raises: AbortError, as gRPC's own does."""
        self.end = end_told(status.code, status.trailing_metadata)
        await self._context.abort_with_status(status)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def _noted_reply(behaviour: Behaviour, rpc: Rpc, recorder: Recorder) -> Behaviour:
    async def call(received: Any, context: AnyContext) -> bytes:
        at_ms = recorder.began_ms()
        if at_ms is None:
            reply: bytes = await behaviour(received, context)
            return reply
        kept, counted = _Context(context), _Counted(received)
        end, reply = CANCELLED, b""
        try:
            reply = await behaviour(counted if rpc.streams_requests else received, kept)
            end = End("OK")
            return reply
        finally:
            messages = (counted.messages, int(end.status == "OK")) if rpc.streams_requests else None
            _note(recorder, rpc, at_ms, kept, kept.end or end, reply, messages)

    return call


def _noted_replies(behaviour: Behaviour, rpc: Rpc, recorder: Recorder) -> Behaviour:
    async def call(received: Any, context: AnyContext) -> AsyncIterator[bytes]:
        at_ms, kept, counted = recorder.began_ms(), _Context(context), _Counted(received)
        stream = None if rpc.stands_for is None else NotedStream(rpc, recorder, SERVED, _role(context))
        given: Any = received if not rpc.streams_requests else counted if stream is None else stream.sent(received)
        end, count = CANCELLED, 0
        try:
            async with aclosing(behaviour(given, kept)) as replies:
                async for reply in replies:
                    count += 1
                    if stream is not None:
                        stream.reply(reply)
                    yield reply
            end = End("OK")
        finally:
            if stream is not None:
                stream.over()
            elif at_ms is not None:
                asked = counted.messages if rpc.streams_requests else int(kept.request is not None)
                _note(recorder, rpc, at_ms, kept, kept.end or end, b"", (asked, count))

    return call


class _Counted:
    """Messages as they come, counted."""

    def __init__(self, received: AsyncIterable[Any]) -> None:
        self._received = received
        self.messages = 0

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for message in self._received:
            self.messages += 1
            yield message


def _note(
    recorder: Recorder,
    rpc: Rpc,
    at_ms: int,
    context: _Context,
    end: End,
    reply: bytes,
    messages: tuple[int, int] | None,
) -> None:
    if context.request is None and messages is None:
        return  # the party was not asked: it was refused at the door, or a fault took the call out
    recorder.note(
        SERVED,
        rpc.name,
        at_ms,
        caller=_role(context),
        status=end.status,
        reason=end.reason,
        request=context.request or b"",
        reply=reply,
        messages=messages,
    )


def _role(context: Any) -> str:
    try:
        return caller(context).role.value
    except WarifuError:
        return ""
