"""Many calls on one long-lived stream: both ends.

A unary call costs both sides a large fraction of a millisecond of processor time, whatever is in it. Here whatever
calls are waiting when the writer is free leave as one message, and replies come back the same way, each matched to its
call by number. No message waits for more: calls that came together go in lockstep (``warifu.lockstep``), and so leave together.
What waits for a writer that is not free has its time run down, and does not leave at all once nobody waits for it.
Decides how calls share messages, and nothing about the calls: each keeps its own deadline, its own outcome and its own
error, exactly as if it had been made alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import grpc

from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import Reason, WarifuError
from warifu.rpc.call_failure import error_of, failure_message
from warifu.rpc.channel import PeerChannel
from warifu.rpc.logging import raised_at, serving_log
from warifu.rpc.status import UNCONNECTED, CallTakenBackError, UnparsedReplyError
from warifu.rpc.width import ONE_BY_ONE, Width

__all__ = ["MADE_ALONE", "MOST_CALLS", "CallStream", "StreamedRpc", "serve_calls"]

MOST_CALLS = 256
"""Calls, or replies, in one message."""

MADE_ALONE: ContextVar[bool] = ContextVar("made alone", default=False)
"""Set in a task whose calls go alone, for what is said beside a call, in its metadata, is said of that one only."""

_BYTES_TOGETHER = 1024 * 1024  # a message ends once it is this long: with one more call it is still no too large one
_MOST_BYTES = 4 * 1024 * 1024

Request = TypeVar("Request")
Response = TypeVar("Response")


class _Call(Protocol):
    call_number: int
    timeout_ms: int
    request: Any

    def ByteSize(self) -> int: ...  # noqa: N802  # as protobuf names it


async def serve_calls(
    messages: AsyncIterable[Any],
    *,
    handle: Callable[[Any, float], Awaitable[Any]],
    reply_type: Callable[..., Any],
    response_type: Callable[..., Any],
    stopping: asyncio.Event | None = None,
    width: Width = ONE_BY_ONE,
) -> AsyncIterator[Any]:
    """The server's end: run every call of every message, and yield replies as they are ready.

    ``handle(request, seconds_left)`` serves one call. At most 1,024 calls are under way, or what ``width`` says, and 4 MiB of them and of replies;
    above that no more is read. A call is under way until its reply is sent: a caller who reads no replies is soon not read
    either.
    Once ``stopping`` is set no more is read either, and the stream ends when the calls under way have. The edge looks
    at revocation and size before each message, so this does not.

    Raises:
        WarifuError: REQUEST_MALFORMED for an empty or overfull message.
    """
    ready: asyncio.Queue[Any] = asyncio.Queue()
    slots = asyncio.Semaphore(width.under_way)
    room = _Room(_MOST_BYTES)
    running: set[asyncio.Task[None]] = set()
    now = asyncio.get_running_loop().time

    async def run(call: _Call, size: int, waited: float) -> None:
        reply = await _reply(call, waited, handle, reply_type)
        room.give(size - reply.ByteSize())
        ready.put_nowait(reply)

    async def read() -> None:
        async for message in messages:
            if not 1 <= len(message.calls) <= MOST_CALLS:
                raise WarifuError(Reason.REQUEST_MALFORMED, where="calls")
            came = now()
            for call in message.calls:
                await slots.acquire()
                size = call.ByteSize()
                await room.take(size)
                task = asyncio.create_task(run(call, size, now() - came))
                running.add(task)
                task.add_done_callback(running.discard)

    async def read_until_stopping() -> None:
        await _until(stopping, read())
        await asyncio.gather(*running)

    reader = asyncio.create_task(read_until_stopping())
    reader.add_done_callback(lambda _: ready.put_nowait(None))
    try:
        async for replies in _batches(ready, width.together):
            yield response_type(replies=replies)
            for reply in replies:  # gRPC asks for more only once these have gone
                slots.release()
                room.give(reply.ByteSize())
        await reader
    finally:
        for task in (reader, *running):
            task.cancel()
        await asyncio.gather(reader, *running, return_exceptions=True)


class _Room:
    """Bytes that may be held; one task takes, and waits while there is none."""

    __slots__ = ("_left", "_more")

    def __init__(self, most: int) -> None:
        self._left = most
        self._more = asyncio.Event()

    async def take(self, size: int) -> None:
        """Take ``size`` bytes, more than there are if need be, once there are any."""
        while self._left <= 0:
            self._more.clear()
            await self._more.wait()
        self._left -= size

    def give(self, size: int) -> None:
        self._left += size
        self._more.set()


async def _until(stopping: asyncio.Event | None, work: Awaitable[None]) -> None:
    """Do ``work`` to its end, or until ``stopping`` is set. Raises what the work raises."""
    if stopping is None:
        return await work
    tasks = working, stopped = asyncio.ensure_future(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return None


async def _batches(ready: asyncio.Queue[Any], together: int) -> AsyncIterator[list[Any]]:
    """Whatever is ready, as soon as anything is, ``together`` at most and no more than one message may carry; ends after a None."""
    while (first := await ready.get()) is not None:
        batch, size, ended = [first], first.ByteSize(), False
        while not ended and len(batch) < together and size < _BYTES_TOGETHER and not ready.empty():
            following = ready.get_nowait()
            if following is None:
                ended = True
            else:
                batch.append(following)
                size += following.ByteSize()
        yield batch
        if ended:
            return


async def _reply(
    call: _Call, waited: float, handle: Callable[[Any, float], Awaitable[Any]], reply_type: Callable[..., Any]
) -> Any:
    try:
        response = await handle(call.request, max(call.timeout_ms / 1000 - waited, 0.0))
    except WarifuError as error:
        failure = failure_message(error)
    except Exception as error:  # noqa: BLE001  # one call's fault must not end the others; told by type, never by text
        serving_log().error("call_failed", error=type(error).__name__, at=raised_at(error))
        failure = CallFailure(reason=Reason.INTERNAL.value, definite=False)
    else:
        return reply_type(call_number=call.call_number, response=response)
    return reply_type(call_number=call.call_number, failure=failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedRpc:
    """An RPC that carries many calls, and the unary one that it stands for, or another that carries them.

    ``open(messages)`` starts the stream; ``alone(request, timeout)`` makes one call without it, for a peer that does
    not serve the stream; the same request may be made twice. ``call_type`` and ``message_type`` are the contract's
    messages. ``error`` says what a failed RPC means, or one that found no connection; ``timed_out``, ``ended`` and ``garbled`` what no answer in time, a
    stream that ended before it, and one that does not parse mean.
    """

    open: Callable[[AsyncIterator[Any]], grpc.aio.StreamStreamCall[Any, Any]]
    alone: Callable[[Any, float], Awaitable[Any]]
    call_type: Callable[..., Any]
    message_type: Callable[..., Any]
    error: Callable[[grpc.RpcError | WarifuError], WarifuError]
    timed_out: Reason
    ended: Reason
    garbled: Reason
    width: Width = ONE_BY_ONE


class CallStream(Generic[Request, Response]):
    """The caller's end: one stream at a time, opened on the first call.

    It is opened again on the first call after it broke, and after the channel was replaced; then the old one ends when
    the calls on it have.
    """

    def __init__(self, peer: PeerChannel, rpc: StreamedRpc, *, streamed: bool = True) -> None:
        """With ``streamed`` False every call is made alone."""
        self._peer = peer
        self._rpc = rpc
        self._stream: _Stream | None = None
        self._generation = -1
        self._streams: set[_Stream] = set()
        self._served = streamed

    async def call(self, request: Request, timeout: float) -> Response:
        """Make one call and wait at most ``timeout`` seconds.

        Raises:
            WarifuError: what the other side said; or what a broken stream or no answer in time means.
        """
        if not self._served or MADE_ALONE.get():
            return await self._alone(request, timeout)
        left = await self._connected(timeout)
        try:
            response: Response = await self._current().call(request, left)
        except _NeverServedError as never:
            self._served = never.meant is not None
            return await self._alone(request, timeout, otherwise=never.meant)
        return response

    async def _connected(self, timeout: float) -> float:
        """Connect if need be, and look whether the server's certificate was taken back; what is left of ``timeout``."""
        try:
            if self._peer.connected() is not None:
                return timeout
            started = asyncio.get_running_loop().time()
            await self._peer.channel(timeout)
            return timeout - (asyncio.get_running_loop().time() - started)
        except WarifuError as error:
            raise self._rpc.error(error) from None

    async def _alone(self, request: Request, timeout: float, otherwise: WarifuError | None = None) -> Response:
        """The call without the stream. If it was made on one that broke, ``otherwise`` is what a peer now gone means."""
        try:
            response: Response = await self._rpc.alone(request, timeout)
        except WarifuError as error:
            if error.reason not in UNCONNECTED:  # another stream brought it: it is the call's own end
                raise
            raise (otherwise or self._rpc.error(error)) from None  # this time nothing was sent
        except UnparsedReplyError:
            raise WarifuError(self._rpc.garbled, debug="the response does not parse") from None
        except grpc.RpcError as error:
            gone = isinstance(error, grpc.aio.AioRpcError) and error.code() is grpc.StatusCode.UNAVAILABLE
            raise (otherwise if gone and otherwise else self._rpc.error(error)) from None
        return response

    async def close(self) -> None:
        """End the stream; calls still waiting fail as if it had broken."""
        await asyncio.gather(*(stream.close() for stream in tuple(self._streams)))

    def _current(self) -> _Stream:
        stream = self._stream
        if stream is None or stream.broken or self._generation != self._peer.generation:
            if stream is not None:
                stream.finish()
            self._stream = stream = _Stream(self._rpc, self._streams.discard)
            self._streams.add(stream)
            self._generation = self._peer.generation
        return stream


class _NeverServedError(Exception):
    """The stream ended before it brought anything: the peer does not serve it, or (``meant``) perhaps does not."""

    def __init__(self, meant: WarifuError | None = None) -> None:
        super().__init__()
        self.meant = meant


class _Stream:
    """One stream, from its opening to its end. ``ended`` hears of the end."""

    def __init__(self, rpc: StreamedRpc, ended: Callable[[_Stream], None]) -> None:
        self._rpc = rpc
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._until: dict[int, float] = {}
        self._outgoing: asyncio.Queue[Any] = asyncio.Queue()
        self._last_number = 0
        self.broken = False
        self._proven = False
        self._closing = False
        # Nothing of this object leads to the RPC: it would keep the RPC, and that its connection, until rubbish is collected.
        self._reader = asyncio.create_task(self._read(rpc.open(self._messages())))
        self._reader.add_done_callback(lambda _: ended(self))

    async def call(self, request: Any, timeout: float) -> Any:
        self._last_number += 1
        number, loop = self._last_number, asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()
        self._waiting[number], self._until[number] = answered, loop.time() + timeout
        self._outgoing.put_nowait(self._rpc.call_type(call_number=number, request=request))
        patience = loop.call_later(timeout, self._give_up, answered)
        try:
            return await answered
        finally:
            patience.cancel()
            self._waiting.pop(number, None)
            self._until.pop(number, None)

    def finish(self) -> None:
        """Take no more calls, and end when those under way have."""
        self._outgoing.put_nowait(None)

    async def close(self) -> None:
        """End at once."""
        self._closing = True
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _messages(self) -> AsyncIterator[Any]:
        async for calls in _batches(self._outgoing, self._rpc.width.together):
            now = asyncio.get_running_loop().time()
            going = [call for call in calls if call.call_number in self._until]  # of the others nobody waits any more
            for call in going:
                call.timeout_ms = max(1, int((self._until[call.call_number] - now) * 1000))
            if going:
                yield self._rpc.message_type(calls=going)

    async def _read(self, stream: grpc.aio.StreamStreamCall[Any, Any]) -> None:
        failure: Callable[[], Exception] = self._ended
        try:
            async for message in stream:
                self._proven = True
                self._settle(message.replies)
        except CallTakenBackError:
            pass  # with the channel, or by gRPC itself where a write found the call refused
        except UnparsedReplyError:
            failure = partial(WarifuError, self._rpc.garbled, debug="a message of the stream does not parse")
        except grpc.RpcError as error:
            failure = partial(self._meaning, error)
        except WarifuError as error:  # the connection went between the look at it and the call
            failure = partial(self._rpc.error, error)
        finally:
            self.broken = True
            stream.cancel()
            for answered in self._waiting.values():
                if not answered.done():
                    answered.set_exception(failure())
            del failure  # an error leads to this frame, and so to the RPC

    def _ended(self) -> Exception:
        ended = WarifuError(self._rpc.ended, debug="the stream ended")
        return ended if self._proven or self._closing else _NeverServedError(ended)

    def _meaning(self, error: grpc.RpcError) -> Exception:
        """What the end of the stream means to one call on it.

        Writing to a stream that the peer refuses makes gRPC say INTERNAL or UNKNOWN, as when a peer dies. Once a stream
        has brought something, whatever ends it says nothing of the calls that it still owed: they may have been done.
        """
        code = error.code() if isinstance(error, grpc.aio.AioRpcError) else None
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return _NeverServedError()
        meant = self._rpc.error(error)
        if meant.definite and self._proven:
            return WarifuError(self._rpc.ended, where=f"the stream: {meant.reason.value} {meant.where}".rstrip())
        meant = WarifuError(meant.reason, where=meant.where, debug=meant.debug, definite=meant.definite)  # each its own
        unclear = code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN) and not self._proven
        return _NeverServedError(meant) if unclear else meant

    def _settle(self, replies: Iterable[Any]) -> None:
        for reply in replies:
            answered = self._waiting.get(reply.call_number)
            if answered is None or answered.done():
                continue  # its caller has gone
            if reply.WhichOneof("end") == "response":
                answered.set_result(reply.response)
            else:
                answered.set_exception(error_of(reply.failure))

    def _give_up(self, answered: asyncio.Future[Any]) -> None:
        if not answered.done():
            answered.set_exception(WarifuError(self._rpc.timed_out))
