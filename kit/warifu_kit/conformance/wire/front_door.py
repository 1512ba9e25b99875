"""Where the node under check finds the hub: bytes that come there go on to the hub, or for a while to whoever stands in for it.

Decides nothing about what is said; it sees TLS and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

__all__ = ["FrontDoor", "is_of_loopback"]

_PIECE = 64 * 1024


def is_of_loopback(endpoint: str) -> bool:
    """Whether a node must be on this machine to come there: a hub behind a door sees all callers as of this machine."""
    return endpoint.rpartition(":")[0].strip("[]") in {"127.0.0.1", "::1", "localhost"}


class FrontDoor:
    """Listens at ``endpoint`` from :meth:`open` to :meth:`close`. ``reached`` counts connections since it was turned."""

    def __init__(self, behind: str) -> None:
        self._behind = self._now = behind
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.endpoint = ""
        self.reached = 0

    async def open(self, listen: str) -> None:
        """Listen. Raises: OSError; ValueError for no address."""
        host, _, port = listen.rpartition(":")
        self._server = await asyncio.start_server(self._pass, host.strip("[]"), int(port))
        self.endpoint = f"{host}:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        self._cut()

    @asynccontextmanager
    async def turned_to(self, endpoint: str) -> AsyncIterator[None]:
        """Within it whoever comes is led there; what was connected before, and within, is cut."""
        self._now, self.reached = endpoint, 0
        self._cut()
        try:
            yield
        finally:
            self._now = self._behind
            self._cut()

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached += 1
        host, _, port = self._now.rpartition(":")
        self._open.add(writer)
        try:
            with suppress(OSError):
                there, to = await asyncio.open_connection(host.strip("[]"), int(port))
                self._open.add(to)
                await asyncio.gather(_copy(reader, to), _copy(there, writer))
                self._open.discard(to)
        finally:
            writer.transport.abort()
            self._open.discard(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()
