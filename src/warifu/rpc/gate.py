"""Stubs whose calls connect first.

Decides when a call goes straight to gRPC, which is nearly always, and when it waits until the channel is connected. A call
that waits stands in for gRPC's own until then, and its deadline counts from the moment it was made. Knows no service.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Protocol

import grpc

__all__ = ["GatedChannel", "WaitingCall"]


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

    def on(self, channel: grpc.aio.Channel) -> Callable[..., Any]:
        """gRPC's own method."""
        if self._method is None or self._made_on is not channel:
            self._made_on, self._method = channel, getattr(channel, self._shape)(*self._about, **self._settings)
        return self._method

    async def _begun(self, request: tuple[Any, ...], timeout: float | None, options: Any) -> Any:
        started = time.monotonic()
        channel = await self._peer.channel(timeout)
        left = None if timeout is None else max(timeout - (time.monotonic() - started), 0.0)
        return self.on(channel)(*request, timeout=left, **options)


class WaitingCall:
    """A call that begins once the channel is connected. What it offers of gRPC's call is what callers here use."""

    def __init__(self, begun: Any) -> None:
        self._begun: asyncio.Task[Any] = asyncio.ensure_future(begun)
        self._begun.add_done_callback(_seen)

    async def call(self) -> Any:
        """gRPC's own call. Raises: why there is none."""
        try:
            return await asyncio.shield(self._begun)
        except asyncio.CancelledError:
            self.cancel()  # as gRPC does when whoever waits for a call is cancelled
            raise

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


def _seen(begun: asyncio.Task[Any]) -> None:
    if not begun.cancelled():
        begun.exception()  # seen here, for whoever waited may have gone
