"""What is beneath gRPC: TLS by itself, and bytes that are no TLS."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from warifu.pki import Identity

__all__ = ["QuietConnections", "Spoken", "say_bytes", "somebody_listens", "tls_spoken"]

_CONNECT_S = 2.0

Spoken = tuple[str, str]


async def tls_spoken(endpoint: str, expect: Identity, root_pem: bytes) -> Spoken:
    """The version of TLS and the protocol over it that are agreed upon, such as ("TLSv1.3", "h2"). Raises: OSError."""
    context = ssl.create_default_context(cadata=root_pem.decode("ascii"))
    context.set_alpn_protocols(["h2"])
    host, _, port = endpoint.rpartition(":")
    _, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context, server_hostname=expect.dns_name)
    try:
        found = writer.get_extra_info("ssl_object")
        return str(found.version()), str(found.selected_alpn_protocol())
    finally:
        writer.transport.abort()


async def somebody_listens(endpoint: str) -> bool:
    """Whether a connection is taken there; also where that takes so long that it cannot be told."""
    host, _, port = endpoint.rpartition(":")
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except TimeoutError:
        return True
    except OSError:
        return False
    writer.transport.abort()
    return True


async def say_bytes(endpoint: str, said: bytes, seconds: float = 1.0) -> bytes:
    """What is said to bytes that are no TLS, until the other side ends or the time is over. Raises: OSError."""
    host, _, port = endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        writer.write(said)
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds):
                return await reader.read(4096)
    finally:
        writer.transport.abort()
    return b""


class QuietConnections:
    """Connections that are made and on which nothing is said, open within it."""

    def __init__(self, endpoint: str, count: int) -> None:
        self._endpoint = endpoint
        self._count = count
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> None:
        host, _, port = self._endpoint.rpartition(":")
        for _ in range(self._count):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            self._writers.append(writer)

    async def __aexit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.transport.abort()
