"""The edge of a server: what happens around every RPC, in this order and nowhere else.

(1) the caller is identified by its certificate, (2) it belongs to this network, (3) its certificate is good now: it
was not taken back, and is in date, (4) the access table lets its role call this RPC, (5) the message is not too large, (6) it parses, (7) the
servicer runs, (8) whatever it raises becomes a typed status: a :class:`WarifuError` as it is, anything else INTERNAL
with nothing of its text, neither to the caller nor to the log.

The edge wraps handlers when they are registered, so a call costs one function more and no interceptor. It never looks
into a message. A cancelled call stays cancelled. TLS looks at a certificate when a connection is made, and not even then where
a client resumes a session, so (3) is looked at for every call. On a request stream (3), (5) and (6) hold for every message, and (3)
for every reply to a single request. As long as a stream is open (3) is looked at again each second, so one on which nothing
is said ends as well.

Servicers are async functions. A servicer of a request stream reads it with ``async for``, not with ``context.read()``,
which would give it unchecked bytes.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.pki.identity import PeerCertificate, Role
from warifu.rpc.identity import AnyContext, peer_certificate
from warifu.rpc.lasting import while_allowed
from warifu.rpc.logging import EventLog, error_fields, raised_at, use_serving_log
from warifu.rpc.status import to_grpc_status

__all__ = ["Behaviour", "Edge", "GuardedRpc", "Handler", "behaviour_of", "is_implemented"]

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Behaviour: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the edge of one server goes by. ``message_limit`` is in bytes; a longer request is refused by name.

    ``clock`` is the one that certificates are held against.
    """

    network: str
    revoked: Callable[[], frozenset[int]]
    clock: Clock
    message_limit: int
    log: EventLog

    def guard(self, method: str, handler: Handler, allowed: frozenset[Role]) -> Handler:
        """``handler`` with the edge around it."""
        return GuardedRpc(self, method, handler, allowed).handler()


def behaviour_of(handler: Handler) -> Behaviour:
    """The servicer's function in ``handler``."""
    return next(
        behaviour
        for behaviour in (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
        if behaviour is not None
    )


def is_implemented(handler: Handler) -> bool:
    """Whether the servicer wrote this RPC itself: as an async function, unlike what a generated base class offers."""
    behaviour = behaviour_of(handler)
    return inspect.iscoroutinefunction(behaviour) or inspect.isasyncgenfunction(behaviour)


class GuardedRpc:
    """One RPC with the edge around it."""

    __slots__ = ("_allowed", "_edge", "_handler", "_log", "_method", "_parse_bytes", "_serialise")

    def __init__(self, edge: Edge, method: str, handler: Handler, allowed: frozenset[Role]) -> None:
        self._edge = edge
        self._method = method
        self._handler = handler
        self._allowed = allowed
        self._log = edge.log.bind(method=method)
        self._parse_bytes: Callable[[bytes], Any] = handler.request_deserializer or bytes
        self._serialise: Callable[[Any], bytes] = handler.response_serializer or bytes

    def handler(self) -> Handler:
        """The gRPC handler: takes and gives bytes, except where the servicer itself writes to the stream."""
        inner = self._handler
        if inner.response_streaming:
            return self._streaming_reply()
        if inner.request_streaming:
            return grpc.stream_unary_rpc_method_handler(self._single_reply(behaviour_of(inner), self._each_parsed))
        return grpc.unary_unary_rpc_method_handler(self._single_reply(behaviour_of(inner), self._parsed))

    def _streaming_reply(self) -> Handler:
        behaviour = behaviour_of(self._handler)
        make, read = grpc.unary_stream_rpc_method_handler, cast(Behaviour, self._parsed)
        if self._handler.request_streaming:
            make, read = grpc.stream_stream_rpc_method_handler, self._each_parsed
        if inspect.isasyncgenfunction(behaviour):
            return make(self._yielded_replies(behaviour, read))
        return make(self._written_replies(behaviour, read), response_serializer=self._serialise)

    def _single_reply(self, behaviour: Behaviour, read: Behaviour) -> Behaviour:
        streamed = self._handler.request_streaming

        async def call(received: Any, context: AnyContext) -> bytes:
            started, peer = time.perf_counter(), None
            try:
                peer = peer_certificate(context)
                self._admit(peer)
                answer = behaviour(read(received, peer), context)
                reply = self._serialise(await (self._lasting(peer, answer) if streamed else answer))
            except BaseException as error:
                await self._end(context, peer, started, error)
                raise
            self._note_answered(peer, started)
            return reply

        return call

    def _yielded_replies(self, behaviour: Behaviour, read: Behaviour) -> Behaviour:
        streamed = self._handler.request_streaming

        async def call(received: Any, context: AnyContext) -> AsyncIterator[bytes]:
            started, peer = time.perf_counter(), None
            use_serving_log(self._log)  # a stream's calls are others' tasks, and log by themselves
            try:
                peer = peer_certificate(context)
                self._admit(peer)
                replying = aclosing(behaviour(read(received, peer), context))
                async with self._while_good(peer), replying as replies:
                    async for reply in replies:
                        if not streamed:  # otherwise what it replies to was checked when it came
                            self._refuse_ended(peer)
                        yield self._serialise(reply)
            except BaseException as error:
                await self._end(context, peer, started, error)
                raise
            self._note_answered(peer, started)

        return call

    def _written_replies(self, behaviour: Behaviour, read: Behaviour) -> Behaviour:
        async def call(received: Any, context: AnyContext) -> None:
            started, peer = time.perf_counter(), None
            try:
                peer = peer_certificate(context)
                self._admit(peer)
                await self._lasting(peer, behaviour(read(received, peer), context))
            except BaseException as error:
                await self._end(context, peer, started, error)
                raise
            self._note_answered(peer, started)

        return call

    def _admit(self, peer: PeerCertificate) -> None:
        if peer.identity.network != self._edge.network:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="certificate", debug="of another network")
        self._refuse_ended(peer)
        if peer.identity.role not in self._allowed:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where=self._method)

    def _refuse_ended(self, peer: PeerCertificate) -> None:
        """Whether the caller may go on. Raises: CALLER_REVOKED, CALLER_NOT_IN_DATE."""
        if peer.serial in self._edge.revoked():
            raise WarifuError(Reason.CALLER_REVOKED, where="certificate")
        if not peer.is_good_at(self._edge.clock.now()):
            raise WarifuError(Reason.CALLER_NOT_IN_DATE, where="certificate")

    def _while_good(self, peer: PeerCertificate) -> AbstractAsyncContextManager[None]:
        return while_allowed(partial(self._refuse_ended, peer))

    async def _lasting(self, peer: PeerCertificate, answer: Awaitable[Any]) -> Any:
        async with self._while_good(peer):
            return await answer

    def _parsed(self, received: bytes, _: PeerCertificate) -> Any:
        if len(received) > self._edge.message_limit:
            raise WarifuError(Reason.REQUEST_TOO_LARGE, where="request")
        try:
            return self._parse_bytes(received)
        except (DecodeError, ValueError):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="request") from None

    async def _each_parsed(self, received: AsyncIterator[bytes], peer: PeerCertificate) -> AsyncIterator[Any]:
        """The messages of a stream, which may outlast the right to send them."""
        async for message in received:
            self._refuse_ended(peer)
            yield self._parsed(message, peer)

    async def _end(
        self, context: AnyContext, peer: PeerCertificate | None, started: float, error: BaseException
    ) -> None:
        """Say how a call that was not answered ended; for an error, by ending it with a typed status."""
        log = self._log.bind(**_told(peer, started))
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            log.info("call_cancelled")
        elif isinstance(error, grpc.aio.AbortError):  # the servicer ended the call itself: only health checks do
            log.info("call_refused", reason=str(context.code()))
        elif isinstance(error, WarifuError):
            log.info("call_refused", **error_fields(error))
            await context.abort_with_status(to_grpc_status(error))
        elif isinstance(error, Exception):
            log.error("call_failed", reason=Reason.INTERNAL.value, error=type(error).__name__, at=raised_at(error))
            await context.abort_with_status(to_grpc_status(WarifuError(Reason.INTERNAL)))

    def _note_answered(self, peer: PeerCertificate, started: float) -> None:
        self._log.info("call_answered", **_told(peer, started))


def _told(peer: PeerCertificate | None, started: float) -> dict[str, Any]:
    """What a log line says of any call: who called, and how many milliseconds it took here."""
    took = {"ms": round((time.perf_counter() - started) * 1000, 2)}
    if peer is None:
        return took
    return {"caller": peer.identity.institution, "role": peer.identity.role.value, **took}
