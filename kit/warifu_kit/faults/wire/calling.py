"""Faults of calls that a party makes itself: what it sends to one that is not of the kit, such as a node of somebody's own.

Decides that only what a rule asks for is done to them. What the party sends is changed, and what it hears; whoever serves
the call hears of it in the call alone, for there is no header here and no mark.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeAlias

import grpc

from warifu_kit.faults.carrying import Answered, Outcome, PartysOwn, carry_out
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.plan import BrokenOff, Refusal
from warifu_kit.faults.rpcs import Rpc, rpc_at
from warifu_kit.faults.wire.marks import EndedCall, refused
from warifu_kit.faults.wire.together import FaultyStream

__all__ = ["faulty_calls"]

_Continuation: TypeAlias = Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]]

_LONGEST_SILENCE_S = 60.0
_UNPARSED = b"\xff"
"""Stands for a message that does not parse, for which gRPC gives None."""


def faulty_calls(faults: PartyFaults) -> list[grpc.aio.ClientInterceptor]:
    """Interceptors for the channels of a party, one for each shape of call that can meet faults."""
    return [_Alone(faults), _Together(faults)]


class _Alone(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, faults: PartyFaults) -> None:
        self._faults = faults

    async def intercept_unary_unary(
        self, continuation: _Continuation, client_call_details: grpc.aio.ClientCallDetails, request: Any
    ) -> Any:
        rpc = _rpc(client_call_details)
        sent = b"" if rpc is None else request.SerializeToString()
        meeting = None if rpc is None else self._faults.meet(rpc, sent, made=True)
        if rpc is None or meeting is None:
            return await continuation(client_call_details, request)
        parse = rpc.request.FromString

        async def deliver(given: bytes) -> Answered | PartysOwn:
            call = await continuation(client_call_details, parse(given))
            try:
                reply = await call
            except grpc.aio.AioRpcError as error:
                return PartysOwn(error)
            return PartysOwn(_UNPARSED) if reply is None else Answered(reply.SerializeToString())

        outcome = await carry_out(meeting, rpc, sent, deliver=deliver, wait=asyncio.sleep, made=True)
        return await _heard(outcome, rpc, client_call_details.timeout)


async def _heard(outcome: Outcome, rpc: Rpc, timeout: float | None) -> Any:
    """The reply. Raises: what gRPC would raise of a call that ended so."""
    if isinstance(outcome, Answered):
        return rpc.reply.FromString(outcome.reply)
    if isinstance(outcome, PartysOwn):
        if outcome.end is _UNPARSED:
            return None
        raise outcome.end
    if isinstance(outcome, Refusal):
        raise _error(refused(outcome))
    if isinstance(outcome, BrokenOff):
        raise _error(EndedCall(grpc.StatusCode.UNAVAILABLE, "broken off on purpose", ()))
    await asyncio.sleep(_LONGEST_SILENCE_S if timeout is None else timeout)
    raise _error(EndedCall(grpc.StatusCode.DEADLINE_EXCEEDED, "dropped on purpose", ()))


def _error(ended: EndedCall) -> grpc.aio.AioRpcError:
    trailing = grpc.aio.Metadata(*ended.trailing_metadata)
    return grpc.aio.AioRpcError(ended.code, grpc.aio.Metadata(), trailing, details=ended.details)


class _Together(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, faults: PartyFaults) -> None:
        self._faults = faults

    async def intercept_stream_stream(
        self,
        continuation: _Continuation,
        client_call_details: grpc.aio.ClientCallDetails,
        request_iterator: AsyncIterable[Any] | Iterable[Any],
    ) -> Any:
        rpc = _rpc(client_call_details)
        if rpc is None or not isinstance(request_iterator, AsyncIterable):
            return await continuation(client_call_details, request_iterator)
        stream = FaultyStream(rpc, self._faults, _as_bytes(request_iterator), made=True)
        call = await continuation(client_call_details, _parsed(stream.messages(), rpc.request))
        return _parsed(stream.replies(_as_bytes(call)), rpc.reply)


def _rpc(details: grpc.aio.ClientCallDetails) -> Rpc | None:
    """The RPC that is called, if its calls can meet anything here."""
    method: str | bytes = details.method
    rpc = rpc_at(method if isinstance(method, str) else method.decode())
    if rpc is None or not rpc.takes_faults or (rpc.streams_replies and rpc.stands_for is None):
        return None
    return rpc


async def _as_bytes(messages: AsyncIterable[Any]) -> AsyncGenerator[bytes, None]:
    async for message in messages:
        yield _UNPARSED if message is None else message.SerializeToString()


async def _parsed(messages: AsyncIterable[bytes], kind: type[Any]) -> AsyncIterator[Any]:
    async for message in messages:
        yield None if message == _UNPARSED else kind.FromString(message)
