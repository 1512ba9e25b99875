"""OCSP, the lists and the roots over HTTP on loopback, for programs that know no gRPC. What is served is signed, so it needs no TLS.

Decides what a request is: a POST of an OCSP request to ``/ocsp``, a GET of one below it (RFC 6960, A.1), or a GET of a list or a root. Anything
else ends the connection with a status and no more. It reads a bounded head and body, waits a bounded time, and knows nobody.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

__all__ = ["HttpEndpoint"]

_LARGEST_HEAD: Final = 8_192
_LARGEST_BODY: Final = 4_096
_PATIENCE_S: Final = 10.0
_MOST_CONNECTIONS: Final = 64
_WORDS: Final = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large"}
_ANSWER: Final = "application/ocsp-response"

Page = tuple[str, Callable[[], bytes]]
"""A content type, and what makes the content."""


class HttpEndpoint:
    """Serves ``answer`` and ``pages``, by path, at one address. Made and used on one event loop."""

    def __init__(self, answer: Callable[[bytes], bytes], pages: Mapping[str, Page]) -> None:
        self._answer = answer
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, which is ``port`` where that can be had. Raises: OSError."""
        try:
            self._server = await asyncio.start_server(self._serve, host, port, limit=_LARGEST_HEAD)
        except OSError:
            self._server = await asyncio.start_server(self._serve, host, 0, limit=_LARGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError, TimeoutError):
                while self._open <= _MOST_CONNECTIONS and await self._one(reader, writer):
                    pass
        finally:
            self._open -= 1
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection goes on."""
        async with asyncio.timeout(_PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, headers = _parsed(head)
            size = int(headers.get("content-length", "0"))
            if not 0 <= size <= _LARGEST_BODY:
                return await _reply(writer, 413, "", b"")
            body = await reader.readexactly(size)
        status, kind, content = self._answered(method, path, body)
        goes_on = (
            status == 200 and headers.get("connection", "").lower() != "close" and headers["version"] == "HTTP/1.1"
        )
        return await _reply(writer, status, kind, content, goes_on=goes_on)

    def _answered(self, method: str, path: str, body: bytes) -> tuple[int, str, bytes]:
        if method == "POST":
            return (200, _ANSWER, self._answer(body)) if path in {"/", "/ocsp", "/ocsp/"} else (404, "", b"")
        if method != "GET":
            return 405, "", b""
        if path.startswith("/ocsp/"):
            try:
                asked = base64.b64decode(unquote(path.removeprefix("/ocsp/")), validate=True)
            except (binascii.Error, ValueError):
                return 400, "", b""
            return 200, _ANSWER, self._answer(asked)
        page = self._pages.get(path)
        return (404, "", b"") if page is None else (200, page[0], page[1]())


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers, their names in small letters, with the version among them. Raises: ValueError."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, version = first.split(" ")
    headers = dict(line.split(":", 1) for line in lines if line)
    return method, path, {"version": version, **{name.strip().lower(): text.strip() for name, text in headers.items()}}


async def _reply(
    writer: asyncio.StreamWriter, status: int, kind: str, content: bytes, *, goes_on: bool = False
) -> bool:
    lines = [
        f"HTTP/1.1 {status} {_WORDS[status]}",
        f"Content-Type: {kind or 'text/plain'}",
        f"Content-Length: {len(content)}",
        "X-Simulated: SIMULATED",
        *([] if goes_on else ["Connection: close"]),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
    await writer.drain()
    return goes_on
