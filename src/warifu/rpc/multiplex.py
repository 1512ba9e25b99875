"""Many calls on one long-lived stream.

A unary call costs both sides a large fraction of a millisecond of processor time, whatever is in it. Here whatever
calls are waiting when the writer is free leave as one message, and replies come back the same way, each matched to its
call by number. Decides how calls share messages, and nothing about the calls: each keeps its own deadline, its own
outcome and its own error, exactly as if it had been made alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import grpc

from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import get_logger, raised_at
from warifu.rpc.status import CodeTable, from_rpc_error

__all__ = ["MOST_CALLS", "CallStream", "serve_calls"]

MOST_CALLS = 256
"""Calls, or replies, in one message."""

_MOST_UNDER_WAY = 2048

Request = TypeVar("Request")
Response = TypeVar("Response")


class _Call(Protocol):
    call_number: int
    timeout_ms: int
    request: Any


async def serve_calls(
    messages: AsyncIterable[Any],
    *,
    handle: Callable[[Any, float], Awaitable[Any]],
    reply_type: Callable[..., Any],
    response_type: Callable[..., Any],
) -> AsyncIterator[Any]:
    """The server's end: run every call of every message, and yield replies as they are ready.

    ``handle(request, seconds_left)`` serves one call. At most 2,048 calls are under way; above that no more is read.
    The edge looks at revocation and size before each message, so this does not.

    Raises:
        WarifuError: REQUEST_MALFORMED for an empty or overfull message.
    """
    ready: asyncio.Queue[Any] = asyncio.Queue()
    slots = asyncio.Semaphore(_MOST_UNDER_WAY)
    running: set[asyncio.Task[None]] = set()

    async def run(call: _Call) -> None:
        try:
            ready.put_nowait(await _reply(call, handle, reply_type))
        finally:
            slots.release()

    async def read() -> None:
        async for message in messages:
            if not 1 <= len(message.calls) <= MOST_CALLS:
                raise WarifuError(Reason.REQUEST_MALFORMED, where="calls")
            for call in message.calls:
                await slots.acquire()
                task = asyncio.create_task(run(call))
                running.add(task)
                task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    reader = asyncio.create_task(read())
    reader.add_done_callback(lambda _: ready.put_nowait(None))
    try:
        async for replies in _batches(ready):
            yield response_type(replies=replies)
        await reader
    finally:
        for task in (reader, *running):
            task.cancel()
        await asyncio.gather(reader, *running, return_exceptions=True)


async def _batches(ready: asyncio.Queue[Any]) -> AsyncIterator[list[Any]]:
    """Whatever is ready, as soon as anything is; ends after a None."""
    ended = False
    while not ended:
        batch = [await ready.get()]
        while len(batch) < MOST_CALLS and not ready.empty():
            batch.append(ready.get_nowait())
        ended = None in batch
        replies = [reply for reply in batch if reply is not None]
        if replies:
            yield replies


async def _reply(call: _Call, handle: Callable[[Any, float], Awaitable[Any]], reply_type: Callable[..., Any]) -> Any:
    try:
        response = await handle(call.request, call.timeout_ms / 1000)
    except WarifuError as error:
        failure = CallFailure(reason=error.reason.value, where=error.where)
    except Exception as error:  # noqa: BLE001  # one call's fault must not end the others; told by type, never by text
        get_logger("stream").error("call_failed", error=type(error).__name__, at=raised_at(error))
        failure = CallFailure(reason=Reason.INTERNAL.value)
    else:
        return reply_type(call_number=call.call_number, response=response)
    return reply_type(call_number=call.call_number, failure=failure)


class CallStream(Generic[Request, Response]):
    """The caller's end of one stream, opened on the first call and again after it broke.

    ``open_stream`` starts the RPC; ``call_type`` and ``request_type`` are the contract's messages; ``default`` says
    what a broken stream means to the calls on it.
    """

    def __init__(
        self,
        open_stream: Callable[[], grpc.aio.StreamStreamCall[Any, Any]],
        *,
        call_type: Callable[..., Any],
        request_type: Callable[..., Any],
        default: CodeTable,
    ) -> None:
        self._open_stream = open_stream
        self._call_type = call_type
        self._request_type = request_type
        self._default = default
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._next_number = 0
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._stream: grpc.aio.StreamStreamCall[Any, Any] | None = None

    async def call(self, request: Request, timeout: float) -> Response:
        """Make one call and wait at most ``timeout`` seconds.

        Raises:
            WarifuError: what the other side said; or, by ``default``, what a broken stream or no answer in time means.
        """
        self._ensure_open()
        self._next_number += 1
        number = self._next_number
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        milliseconds = max(1, int(timeout * 1000))
        self._outgoing.put_nowait(self._call_type(call_number=number, timeout_ms=milliseconds, request=request))
        try:
            async with asyncio.timeout(timeout):
                return await answered
        except TimeoutError:
            raise WarifuError(self._meaning(grpc.StatusCode.DEADLINE_EXCEEDED)) from None
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """End the stream; calls still waiting fail as if it had broken."""
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._stream is not None:
            self._stream.cancel()
        self._fail(WarifuError(self._meaning(grpc.StatusCode.UNAVAILABLE)))

    def _meaning(self, code: grpc.StatusCode) -> Reason:
        return self._default.get(code, Reason.INTERNAL)

    def _ensure_open(self) -> None:
        if self._tasks and not any(task.done() for task in self._tasks):
            return
        for task in self._tasks:
            task.cancel()
        self._outgoing = asyncio.Queue()
        self._stream = stream = self._open_stream()
        self._tasks = (
            asyncio.create_task(self._write(stream, self._outgoing)),
            asyncio.create_task(self._read(stream)),
        )

    async def _write(self, stream: grpc.aio.StreamStreamCall[Any, Any], outgoing: asyncio.Queue[Any]) -> None:
        try:
            async for calls in _batches(outgoing):
                await stream.write(self._request_type(calls=calls))
        except (grpc.RpcError, asyncio.InvalidStateError):
            return  # the reader learns why

    async def _read(self, stream: grpc.aio.StreamStreamCall[Any, Any]) -> None:
        try:
            async for message in stream:
                self._settle(message.replies)
            raise WarifuError(self._meaning(grpc.StatusCode.UNAVAILABLE), debug="the stream ended")
        except grpc.RpcError as error:
            self._fail(from_rpc_error(error, default=self._default))
        except WarifuError as error:
            self._fail(error)

    def _settle(self, replies: Iterable[Any]) -> None:
        for reply in replies:
            answered = self._waiting.get(reply.call_number)
            if answered is None or answered.done():
                continue  # its caller has gone
            if reply.WhichOneof("end") == "response":
                answered.set_result(reply.response)
            else:
                answered.set_exception(_failure(reply.failure))

    def _fail(self, error: WarifuError) -> None:
        for answered in self._waiting.values():
            if not answered.done():
                answered.set_exception(WarifuError(error.reason, where=error.where, debug=error.debug))


def _failure(failure: CallFailure) -> WarifuError:
    known = failure.reason in Reason.__members__
    return WarifuError(Reason[failure.reason] if known else Reason.INTERNAL, where=failure.where)
