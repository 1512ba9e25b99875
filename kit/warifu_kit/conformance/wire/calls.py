"""Calls to a party under check, each with whatever certificate and bytes a case wants.

Decides that a call has one end, told as a value: a status, the bytes that came, and everything else that came with them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # ships its types without saying so

from warifu.pki import Identity
from warifu_kit.conformance.awkward import Awkward

__all__ = ["Enough", "Pair", "Reply", "Wire"]

_LONGEST_MESSAGE = 64 * 1024 * 1024
_DETAILS = "grpc-status-details-bin"


Enough = Callable[[Sequence[bytes]], bool]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate, or a chain of them, and its key, both PEM; what TLS is shown."""

    chain_pem: bytes
    key_pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a call ended. ``status`` is gRPC's name of it; ``reason``, ``where`` and ``definite`` are of an ErrorInfo, or empty.

    ``metadata`` is initial and trailing; ``words`` are the status's text, which an answer may have as well; ``seconds`` is how
    long it took.
    """

    status: str
    body: bytes = b""
    words: str = ""
    reason: str = ""
    where: str = ""
    definite: str = ""
    domain: str = ""
    details: int = 0
    metadata: tuple[tuple[str, bytes], ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is an answer."""
        return self.status == "OK"

    @property
    def everything(self) -> bytes:
        """All that came back but the answer, for a search."""
        return b"\n".join([self.words.encode(), *(value for _, value in self.metadata)])

    def __str__(self) -> str:
        told = f" {self.reason} [{self.where}]" if self.reason else f" {self.words}" if self.words else ""
        return f"{self.status}{told}"


class Wire:
    """Calls to one address. ``expect`` is who has to answer there; its certificate is looked at by each connection.

    ``awkward`` is what is done to unary calls on purpose; None for nothing.
    """

    def __init__(self, endpoint: str, expect: Identity, root_pem: bytes, *, awkward: Awkward | None = None) -> None:
        self._awkward = awkward
        self._endpoint = endpoint
        self._expect = expect
        self._root_pem = root_pem
        self._channels: dict[Pair | None, grpc.aio.Channel] = {}

    async def call(self, method: str, body: bytes, caller: Pair | None, *, seconds: float) -> Reply:
        """The end of one call of ``method`` ("/package.Service/Method"); ``caller`` is None for no certificate."""
        call = self._channel(caller).unary_unary(method, request_serializer=_as_is, response_deserializer=_as_is)

        async def made(body: bytes, seconds: float) -> Reply:
            return await _end(call(body, timeout=seconds))

        if self._awkward is None:
            return await made(body, seconds)
        return await self._awkward.carry(method, body, seconds=seconds, deliver=made)

    async def call_in_the_clear(self, method: str, body: bytes, *, seconds: float) -> Reply:
        """The same without TLS, which nobody may answer."""
        async with grpc.aio.insecure_channel(self._endpoint, options=_OPTIONS) as channel:
            call = channel.unary_unary(method, request_serializer=_as_is, response_deserializer=_as_is)
            return await _end(call(body, timeout=seconds))

    async def call_many(self, method: str, bodies: Sequence[bytes], caller: Pair, *, seconds: float) -> list[Reply]:
        """All at once, over one connection; the ends in the order of the bodies."""
        return await asyncio.gather(*(self.call(method, body, caller, seconds=seconds) for body in bodies))

    async def stream(
        self, method: str, bodies: Sequence[bytes], caller: Pair, *, seconds: float, enough: Enough
    ) -> tuple[list[bytes], str]:
        """Say the bodies on one stream, and hear until ``enough`` of what came, which then is cut; and its status, if it ended."""
        call = self._channel(caller).stream_stream(method, request_serializer=_as_is, response_deserializer=_as_is)
        heard = list[bytes]()
        on = call(timeout=seconds)
        try:
            for body in bodies:
                await on.write(body)
            while not enough(heard):
                told: Any = await on.read()
                if told is grpc.aio.EOF:
                    return heard, (await on.code()).name
                heard.append(told)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return heard, (await on.code()).name
        finally:
            on.cancel()
        return heard, ""

    async def close(self) -> None:
        """End every connection."""
        for channel in self._channels.values():
            await channel.close()

    def _channel(self, caller: Pair | None) -> grpc.aio.Channel:
        if caller not in self._channels:
            shown = (caller.key_pem, caller.chain_pem) if caller is not None else (None, None)
            credentials = grpc.ssl_channel_credentials(self._root_pem, *shown)
            options = [*_OPTIONS, ("grpc.ssl_target_name_override", self._expect.dns_name)]
            self._channels[caller] = grpc.aio.secure_channel(self._endpoint, credentials, options=options)
        return self._channels[caller]


_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", _LONGEST_MESSAGE),
    ("grpc.max_send_message_length", _LONGEST_MESSAGE),
    ("grpc.enable_retries", 0),
]


async def _end(call: Any) -> Reply:
    begun = time.monotonic()
    try:
        body: bytes = await call
    except grpc.aio.AioRpcError as error:
        metadata = _metadata(error.initial_metadata(), error.trailing_metadata())
        info, details = _told(metadata)
        return Reply(
            status=error.code().name,
            words=error.details() or "",
            reason=info.reason,
            where=info.metadata.get("where", ""),
            definite=info.metadata.get("definite", ""),
            domain=info.domain,
            details=details,
            metadata=metadata,
            seconds=time.monotonic() - begun,
        )
    return Reply(
        status="OK",
        body=body,
        words=await call.details() or "",
        metadata=_metadata(await call.initial_metadata(), await call.trailing_metadata()),
        seconds=time.monotonic() - begun,
    )


def _metadata(*parts: Any) -> tuple[tuple[str, bytes], ...]:
    found = [(key, value) for part in parts for key, value in part or ()]
    return tuple((key, value.encode() if isinstance(value, str) else value) for key, value in found)


def _told(metadata: tuple[tuple[str, bytes], ...]) -> tuple[Any, int]:
    """The one ErrorInfo, or an empty one, and how many details there are."""
    info = error_details_pb2.ErrorInfo()
    found = [value for key, value in metadata if key == _DETAILS]
    try:
        details = [detail for value in found for detail in status_pb2.Status.FromString(value).details]
    except Exception:  # noqa: BLE001  # what does not parse tells nothing
        return info, -1
    for detail in details:
        if detail.Unpack(info):
            return info, len(details)
    return info, len(details)


_as_is: Callable[[bytes], bytes] = bytes
