"""A tap on a party's wire: every message it receives or sends, as bytes, into a file.

Decides what is recorded: requests and responses on both sides of a party, the metadata that comes with a call, and the
status a called party ends a call with. A party under a tap behaves as it does without; it does not know of it. The
file grows by one record a message:

    direction u8 (1 received, 2 sent), method length u16, message length u32, all big-endian; method; message
"""

from __future__ import annotations

import enum
import struct
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from warifu.rpc.edge import Handler, behaviour_of

__all__ = ["Direction", "Tap", "TapRecord", "TappingServer", "client_taps", "read_tap"]

_HEAD = struct.Struct(">BHI")
_MAKERS: dict[tuple[bool, bool], Callable[..., Handler]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}

_Continuation: TypeAlias = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]


class Direction(enum.IntEnum):
    """Whether the tapped party received or sent the message."""

    RECEIVED = 1
    SENT = 2


@dataclass(frozen=True, slots=True)
class TapRecord:
    """One message on the wire. ``method`` is the full name of the RPC; ``message`` is never printed."""

    direction: Direction
    method: str
    message: bytes = field(repr=False)


class Tap:
    """The file being written. Each record reaches the system whole and at once, so a killed party loses none."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def record(self, direction: Direction, method: str | bytes, message: bytes) -> None:
        """Append one message."""
        name = method.encode() if isinstance(method, str) else method
        self._file.write(_HEAD.pack(direction, len(name), len(message)) + name + message)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_tap(path: Path) -> Iterator[TapRecord]:
    """Every record of a tap's file, in order; one that was cut off when its party was killed is left out."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            direction, method_length, length = _HEAD.unpack(head)
            method, message = file.read(method_length), file.read(length)
            if len(message) == length:
                yield TapRecord(Direction(direction), method.decode(), message)


class TappingServer(grpc.aio.ServerInterceptor):
    """Records what a party's server receives and sends, unary or streamed, by sitting where bytes become messages."""

    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """See :class:`grpc.aio.ServerInterceptor`."""
        method = handler_call_details.method
        self._tap.record(Direction.RECEIVED, method, _metadata(handler_call_details.invocation_metadata))
        handler = await continuation(handler_call_details)
        if handler is None:
            return None  # an RPC that is not served
        return _MAKERS[handler.request_streaming, handler.response_streaming](
            behaviour_of(handler),
            request_deserializer=self._receiving(method, handler.request_deserializer or bytes),
            response_serializer=self._sending(method, handler.response_serializer or bytes),
        )

    def _receiving(self, method: str, parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def receive(received: bytes) -> Any:
            self._tap.record(Direction.RECEIVED, method, received)
            return parse(received)

        return receive

    def _sending(self, method: str, serialise: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        def send(message: Any) -> bytes:
            sent = serialise(message)
            self._tap.record(Direction.SENT, method, sent)
            return sent

        return send


def client_taps(tap: Tap) -> list[grpc.aio.ClientInterceptor]:
    """Interceptors that record what a party sends and receives as a client, one for each of the shapes it uses."""
    return [_TappingUnary(tap), _TappingStream(tap)]


class _TappingUnary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    async def intercept_unary_unary(
        self, continuation: _Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        method = client_call_details.method
        self._tap.record(Direction.SENT, method, _as_bytes(request))
        call = await continuation(client_call_details, request)
        try:
            received = _as_bytes(await call)
        except grpc.aio.AioRpcError as error:
            received = _status(error)
        self._tap.record(Direction.RECEIVED, method, received)
        return call


class _TappingStream(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, tap: Tap) -> None:
        self._tap = tap

    async def intercept_stream_stream(
        self,
        continuation: _Continuation,
        client_call_details: grpc.aio.ClientCallDetails,
        request_iterator: AsyncIterable[Any] | Iterable[Any],
    ) -> AsyncIterator[Any]:
        method = client_call_details.method
        call = await continuation(client_call_details, self._sent(method, request_iterator))
        return self._received(method, call)

    async def _sent(self, method: str | bytes, requests: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
        async for request in requests if isinstance(requests, AsyncIterable) else _each(requests):
            self._tap.record(Direction.SENT, method, _as_bytes(request))
            yield request

    async def _received(self, method: str | bytes, call: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for response in call:
                self._tap.record(Direction.RECEIVED, method, _as_bytes(response))
                yield response
        except grpc.aio.AioRpcError as error:
            self._tap.record(Direction.RECEIVED, method, _status(error))
            raise


def _status(error: grpc.aio.AioRpcError) -> bytes:
    return (error.details() or "").encode() + b"\n" + _metadata(error.trailing_metadata())


def _metadata(metadata: Iterable[tuple[str, str | bytes]] | None) -> bytes:
    return b"\n".join(key.encode() + b": " + _as_bytes(value) for key, value in metadata or ())


async def _each(requests: Iterable[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request


def _as_bytes(value: Any) -> bytes:
    """Text, bytes, or a message, which protobuf serialises as it was, fields unknown to it included."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else bytes(value.SerializeToString())
