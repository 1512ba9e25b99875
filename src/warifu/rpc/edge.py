"""The edge of a server: what happens around every RPC, in this order and nowhere else.

(1) the caller is identified by its certificate, (2) it belongs to this network, (3) its certificate is good now: it
was not taken back, and is in date, (4) the access table lets its role call this RPC and it does not hold too much of the
server (``warifu.rpc.admission``), (5) the message is not too large, (6) it parses, (7) the servicer runs, (8) whatever it
raises becomes a typed status: a :class:`WarifuError` as it is, anything else INTERNAL with nothing of its text, neither to
the caller nor to the log.

Before (5) nothing of a message is read: to gRPC every RPC is one with a stream of requests, whose reader decides when to begin.
A call that may not be made therefore costs its headers, whatever its caller would have sent.

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
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.pki.identity import PeerCertificate, Role
from warifu.rpc.admission import Admission, Call, Visit
from warifu.rpc.identity import AnyContext, peer_certificate
from warifu.rpc.lasting import while_allowed
from warifu.rpc.logging import EventLog, error_fields, raised_at, use_serving_log
from warifu.rpc.status import to_grpc_status

__all__ = ["Behaviour", "Edge", "GuardedRpc", "Handler", "behaviour_of", "is_implemented"]

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Behaviour: TypeAlias = Callable[..., Any]

_EDGES_OWN = frozenset(
    {
        Reason.CALLER_NOT_IDENTIFIED,
        Reason.CALLER_REVOKED,
        Reason.CALLER_NOT_IN_DATE,
        Reason.CALLER_NOT_ALLOWED,
        Reason.REQUEST_MALFORMED,
        Reason.REQUEST_TOO_LARGE,
        Reason.OVERLOADED,
    }
)
"""With these a call is refused before it is looked at what it asks; those that servicers raise too count as well. But whoever is
told when to come again was refused for want of room, which is no doing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What the edge of one server goes by. ``message_limit`` is in bytes; a longer request is refused by name.

    ``clock`` is the one that certificates are held against.
    ``quick`` are the RPCs (full names) that wait for nobody else: of those, and of lists, a caller has only a few in hand at a
    time and so many turns a second, so that however many it makes, others' calls come between.
    """

    network: str
    revoked: Callable[[], frozenset[int]]
    clock: Clock
    message_limit: int
    log: EventLog
    admission: Admission
    quick: frozenset[str] = frozenset()

    def guard(self, method: str, handler: Handler, allowed: frozenset[Role]) -> Handler:
        """``handler`` with the edge around it."""
        return GuardedRpc(self, method, handler, allowed).handler()

    def not_served(self) -> Handler:
        """What answers a call of an RPC that there is not: as gRPC would, but to those only who may call at all."""

        async def call(_: Any, context: AnyContext) -> bytes:
            visit = Visit(context)
            try:
                peer = visit.certificate = peer_certificate(context)
                self.admit(peer)
            except WarifuError as error:
                await self.admission.refused(visit)
                await context.abort_with_status(to_grpc_status(error))
            await self.admission.refused(visit)
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
            raise AssertionError  # gRPC's abort raised

        return grpc.stream_unary_rpc_method_handler(call)

    def admit(self, peer: PeerCertificate) -> None:
        """See that ``peer`` may call at all. Raises: CALLER_NOT_IDENTIFIED, CALLER_REVOKED, CALLER_NOT_IN_DATE."""
        if peer.identity.network != self.network:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="certificate", debug="of another network")
        self.refuse_ended(peer)

    def refuse_ended(self, peer: PeerCertificate) -> None:
        """Whether the caller may go on. Raises: CALLER_REVOKED, CALLER_NOT_IN_DATE."""
        if peer.serial in self.revoked():
            raise WarifuError(Reason.CALLER_REVOKED, where="certificate")
        if not peer.is_good_at(self.clock.now()):
            raise WarifuError(Reason.CALLER_NOT_IN_DATE, where="certificate")


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

    __slots__ = (
        "_allowed",
        "_edge",
        "_handler",
        "_is_quick",
        "_lists",
        "_log",
        "_method",
        "_parse_bytes",
        "_serialise",
    )

    def __init__(self, edge: Edge, method: str, handler: Handler, allowed: frozenset[Role]) -> None:
        self._edge = edge
        self._method = method
        self._handler = handler
        self._allowed = allowed
        self._lists = method.rpartition("/")[2].startswith("List")  # AIP-132
        self._is_quick = self._lists or method in edge.quick
        self._log = edge.log.bind(method=method)
        self._parse_bytes: Callable[[bytes], Any] = handler.request_deserializer or bytes
        self._serialise: Callable[[Any], bytes] = handler.response_serializer or bytes

    def handler(self) -> Handler:
        """The gRPC handler: takes and gives bytes, except where the servicer itself writes to the stream."""
        behaviour = behaviour_of(self._handler)
        if not self._handler.response_streaming:
            return grpc.stream_unary_rpc_method_handler(self._single_reply(behaviour))
        if inspect.isasyncgenfunction(behaviour):
            return grpc.stream_stream_rpc_method_handler(self._yielded_replies(behaviour))
        return grpc.stream_stream_rpc_method_handler(
            self._written_replies(behaviour), response_serializer=self._serialise
        )

    def _single_reply(self, behaviour: Behaviour) -> Behaviour:
        streamed = self._handler.request_streaming

        async def call(received: Any, context: AnyContext) -> bytes:
            visit = Visit(context)
            try:
                held = self._begin(visit, context)
                answer = behaviour(await self._asked(received, context, visit, held), context)
                reply = self._serialise(await (self._lasting(visit.certificate, answer) if streamed else answer))
                held.gives(reply)
            except BaseException as error:
                await self._end(context, visit, error)
                raise
            self._note_answered(visit)
            return reply

        return call

    def _yielded_replies(self, behaviour: Behaviour) -> Behaviour:
        streamed = self._handler.request_streaming

        async def call(received: Any, context: AnyContext) -> AsyncIterator[bytes]:
            visit = Visit(context)
            use_serving_log(self._log)  # a stream's calls are others' tasks, and log by themselves
            try:
                held = self._begin(visit, context)
                replying = aclosing(behaviour(await self._asked(received, context, visit, held), context))
                async with self._while_good(visit.certificate), replying as replies:
                    async for message in replies:
                        if not streamed:  # otherwise what it replies to was checked when it came
                            self._edge.refuse_ended(visit.certificate)
                        reply = self._serialise(message)
                        held.gives(reply)
                        yield reply
                        held.goes_on()
                        held.drops(reply)
            except BaseException as error:
                await self._end(context, visit, error)
                raise
            self._note_answered(visit)

        return call

    def _written_replies(self, behaviour: Behaviour) -> Behaviour:
        async def call(received: Any, context: AnyContext) -> None:
            visit = Visit(context)
            try:
                held = self._begin(visit, context)
                await self._lasting(
                    visit.certificate, behaviour(await self._asked(received, context, visit, held), context)
                )
            except BaseException as error:
                await self._end(context, visit, error)
                raise
            self._note_answered(visit)

        return call

    def _begin(self, visit: Visit, context: AnyContext) -> Call:
        peer = visit.certificate = peer_certificate(context)
        self._edge.admit(peer)
        if peer.identity.role not in self._allowed:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where=self._method)
        handler, admission = self._handler, self._edge.admission
        is_stream = handler.request_streaming or handler.response_streaming
        most = admission.bounds.lists if self._lists else None
        return admission.begin(context, visit, self._method if is_stream else "", most)

    def _while_good(self, peer: PeerCertificate) -> AbstractAsyncContextManager[None]:
        return while_allowed(partial(self._edge.refuse_ended, peer))

    async def _lasting(self, peer: PeerCertificate, answer: Awaitable[Any]) -> Any:
        async with self._while_good(peer):
            return await answer

    async def _asked(self, received: Any, context: AnyContext, visit: Visit, held: Call) -> Any:
        """What the servicer is given: the one message, read now, or the messages as they come."""
        if self._handler.request_streaming:
            return self._each_parsed(received, visit.certificate, held)
        admission = self._edge.admission
        if self._is_quick and not self._handler.response_streaming:
            await admission.turn(held)
        async with admission.reading(visit.caller):
            held.waits()
            message: Any = await context.read()
            held.goes_on()
        if message is grpc.aio.EOF:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="request", debug="there is no message")
        held.takes(message)
        return self._parsed(message)

    def _parsed(self, received: bytes) -> Any:
        if len(received) > self._edge.message_limit:
            raise WarifuError(Reason.REQUEST_TOO_LARGE, where="request")
        try:
            return self._parse_bytes(received)
        except (DecodeError, ValueError):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="request") from None

    async def _each_parsed(
        self, received: AsyncIterator[bytes], peer: PeerCertificate, held: Call
    ) -> AsyncIterator[Any]:
        """The messages of a stream, which may outlast the right to send them."""
        async for message in received:
            self._edge.refuse_ended(peer)
            held.takes(message)
            yield self._parsed(message)
            held.drops(message)

    async def _end(self, context: AnyContext, visit: Visit, error: BaseException) -> None:
        """Say how a call that was not answered ended; for an error, by ending it with a typed status."""
        log = self._log.bind(**_told(visit))
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            if self._edge.admission.cancelled(visit):
                log.info("call_cancelled")
        elif isinstance(error, grpc.aio.AbortError):  # the servicer ended the call itself: only health checks do
            log.info("call_refused", reason=str(context.code()))
        elif isinstance(error, WarifuError):
            if error.reason in _EDGES_OWN and error.retry_after_s is None:
                await self._edge.admission.refused(visit)
            log.info("call_refused", **error_fields(error))
            await context.abort_with_status(to_grpc_status(error))
        elif isinstance(error, Exception):
            log.error("call_failed", reason=Reason.INTERNAL.value, error=type(error).__name__, at=raised_at(error))
            await context.abort_with_status(to_grpc_status(WarifuError(Reason.INTERNAL)))

    def _note_answered(self, visit: Visit) -> None:
        self._log.info("call_answered", **_told(visit))


def _told(visit: Visit) -> dict[str, Any]:
    """What a log line says of any call: who called, and how many milliseconds it took here."""
    took = {"ms": round((time.perf_counter() - visit.began) * 1000, 2)}
    if visit.caller is None:
        return took
    return {"caller": visit.caller.institution, "role": visit.caller.role.value, **took}
