"""Stubs whose calls connect first, and whose replies have parsed.

Decides when a call goes straight to gRPC, which is nearly always, and when it waits until the channel is connected. A call
that waits stands in for gRPC's own until then, and its deadline counts from the moment it was made. It is the edge of the
calling side. gRPC's stubs give None for a reply that does not parse: here each such reply ends its call, so that nobody
behind the edge takes one for an answer. And they raise CancelledError when a channel is closed with calls on it: here only
whoever is cancelled hears so, for what anybody else began would end with it unnoticed. Knows no service.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Protocol

import grpc

from warifu.rpc.status import CallTakenBackError, UnparsedReplyError

__all__ = ["GatedChannel", "ParsedCall", "WaitingCall"]


class _Connecting(Protocol):
    def connected(self) -> grpc.aio.Channel | None:
        """The channel, if a call can be made on it at once."""

    async def channel(self, seconds: float | None = None) -> grpc.aio.Channel:
        """The channel, connected within so many seconds."""


class GatedChannel:
    """What generated stubs take for a channel. It makes calls and nothing else."""

    def __init__(self, peer: _Connecting) -> None:
        self._peer = peer

    def __getattr__(self, shape: str) -> Callable[..., _Method]:
        if shape not in ("unary_unary", "unary_stream", "stream_unary", "stream_stream"):
            raise AttributeError(shape)
        return lambda *about, **settings: _Method(self._peer, shape, about, settings)


class _Method:
    """One RPC, on whichever channel is the current one."""

    __slots__ = ("_about", "_made_on", "_method", "_peer", "_settings", "_shape")

    def __init__(self, peer: _Connecting, shape: str, about: Any, settings: Any) -> None:
        self._peer = peer
        self._shape = shape
        self._about = about
        self._settings = settings
        self._made_on: grpc.aio.Channel | None = None
        self._method: Callable[..., Any] | None = None

    def __call__(self, *request: Any, timeout: float | None = None, **options: Any) -> Any:
        channel = self._peer.connected()
        if channel is not None:
            return self.on(channel)(*request, timeout=timeout, **options)
        return WaitingCall(self._begun(request, timeout, options))

    def on(self, channel: grpc.aio.Channel) -> Callable[..., ParsedCall]:
        """Makes the call on a channel that is connected."""
        if self._method is None or self._made_on is not channel:
            self._made_on, self._method = channel, getattr(channel, self._shape)(*self._about, **self._settings)
        method = self._method
        return lambda *request, **options: ParsedCall(method(*request, **options))

    async def _begun(self, request: tuple[Any, ...], timeout: float | None, options: Any) -> Any:
        started = time.monotonic()
        channel = await self._peer.channel(timeout)
        left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.0)
        return self.on(channel)(*request, timeout=left, **options)


class ParsedCall:
    """gRPC's own call, but for replies that do not parse, with the first of which the call is over.

    Raises: UnparsedReplyError then; CallTakenBackError when the call was ended on this side; whatever the call raises.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Any) -> None:
        self._call = call

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return self._parsed((yield from self._call.__await__()))
        except asyncio.CancelledError as error:
            raise _whose(error) from None

    async def __aiter__(self) -> AsyncIterator[Any]:
        replies = aiter(self._call)
        while True:
            try:
                reply = await anext(replies)
            except StopAsyncIteration:
                return
            except asyncio.CancelledError as error:
                raise _whose(error) from None
            yield self._parsed(reply)

    async def read(self) -> Any:
        """The next message, or gRPC's word for the end of the stream."""
        try:
            return self._parsed(await self._call.read())
        except asyncio.CancelledError as error:
            raise _whose(error) from None

    def _parsed(self, reply: Any) -> Any:
        if reply is None:
            self._call.cancel()
            raise UnparsedReplyError
        return reply


class WaitingCall:
    """A call that begins once the channel is connected. What it offers of gRPC's call is what callers here use."""

    def __init__(self, begun: Any) -> None:
        self._begun: asyncio.Task[Any] = asyncio.ensure_future(begun)
        self._begun.add_done_callback(_seen)

    async def call(self) -> Any:
        """The call on its channel. Raises: why there is none."""
        try:
            return await asyncio.shield(self._begun)
        except asyncio.CancelledError as error:
            self.cancel()  # as gRPC does when whoever waits for a call is cancelled
            raise _whose(error) from None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._ended().__await__()

    async def _ended(self) -> Any:
        return await (await self.call())

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for message in await self.call():
            yield message

    async def read(self) -> Any:
        """The next message."""
        return await (await self.call()).read()

    async def write(self, message: Any) -> None:
        """Send a message."""
        await (await self.call()).write(message)

    async def done_writing(self) -> None:
        """Send no more."""
        await (await self.call()).done_writing()

    async def wait_for_connection(self) -> None:
        """Return once the call is on its way."""
        await (await self.call()).wait_for_connection()

    def cancel(self) -> bool:
        """Take the call back."""
        if not self._begun.done():
            return self._begun.cancel()
        begun = not self._begun.cancelled() and self._begun.exception() is None
        return bool(begun and self._begun.result().cancel())


def _whose(error: asyncio.CancelledError) -> BaseException:
    """``error``, if it is the task that waits which is cancelled; else what a call means that was ended under it."""
    task = asyncio.current_task()
    return error if task is None or task.cancelling() else CallTakenBackError()


def _seen(begun: asyncio.Task[Any]) -> None:
    if not begun.cancelled():
        begun.exception()  # seen here, for whoever waited may have gone
