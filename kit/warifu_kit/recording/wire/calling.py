"""What a party asks others, noted as it passes: the interceptors nearest to the wire.

Decides that what a node asks its business system is noted as it left, and what came back as it came, whatever faults make of it
on the node's side.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import grpc

from warifu_kit.faults.rpcs import Rpc, rpc_at
from warifu_kit.recording.order import Recorder
from warifu_kit.recording.recorded import MADE
from warifu_kit.recording.wire.ends import CANCELLED, End, end_told
from warifu_kit.recording.wire.together import NotedStream

__all__ = ["recording_calls"]

_Continuation: TypeAlias = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]


def recording_calls(recorder: Recorder) -> list[grpc.aio.ClientInterceptor]:
    """Interceptors for the channels of a party, one for each shape of call that is noted."""
    return [_Alone(recorder), _Together(recorder)]


class _Alone(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def intercept_unary_unary(
        self, continuation: _Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        rpc, at_ms = _rpc(client_call_details), self._recorder.began_ms()
        call = await continuation(client_call_details, request)
        if rpc is None or at_ms is None:
            return call
        end, reply = CANCELLED, b""
        try:
            answered = await call
            end, reply = (End("INTERNAL"), b"") if answered is None else (End("OK"), answered.SerializeToString())
        except grpc.aio.AioRpcError as error:
            end = end_told(error.code(), error.trailing_metadata())
        finally:
            self._recorder.note(
                MADE,
                rpc.name,
                at_ms,
                caller=self._recorder.role,
                status=end.status,
                reason=end.reason,
                request=request.SerializeToString(),
                reply=reply,
            )
        return call


class _Together(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def intercept_stream_stream(
        self,
        continuation: _Continuation,
        client_call_details: grpc.aio.ClientCallDetails,
        request_iterator: AsyncIterable[Any] | Iterable[Any],
    ) -> Any:
        rpc = _rpc(client_call_details)
        if rpc is None or rpc.stands_for is None or not isinstance(request_iterator, AsyncIterable):
            return await continuation(client_call_details, request_iterator)
        stream = NotedStream(rpc, self._recorder, MADE, self._recorder.role)
        call = await continuation(client_call_details, stream.sent(request_iterator))
        return _noted(stream, call)


async def _noted(stream: NotedStream, call: AsyncIterable[Any]) -> AsyncIterator[Any]:
    try:
        async for reply in call:
            if reply is not None:
                stream.reply(reply)
            yield reply
    finally:
        stream.over()


def _rpc(details: grpc.aio.ClientCallDetails) -> Rpc | None:
    method: str | bytes = details.method
    return rpc_at(method if isinstance(method, str) else method.decode())
