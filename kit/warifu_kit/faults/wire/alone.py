"""Faults of calls that are RPCs by themselves, with one request.

Decides that nothing is done to a call before the party has let its caller in: the party is called first with a context that
stops it where it would read the request. What the call then meets is carried out, each delivery a call of its own, whose end
is kept back. A call that meets nothing goes on as if nobody were between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc

from warifu.rpc.edge import Behaviour
from warifu.rpc.identity import AnyContext
from warifu_kit.faults.carrying import Answered, Outcome, PartysOwn, carry_out, edited
from warifu_kit.faults.clock import be_off_by
from warifu_kit.faults.deciding import Meeting
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.plan import BrokenOff, Refusal
from warifu_kit.faults.rpcs import Rpc
from warifu_kit.faults.wire.marks import FAULT_KEY, EndedCall, marked, refused

__all__ = ["LONGEST_SILENCE_S", "faulty_replies", "faulty_reply"]

LONGEST_SILENCE_S = 60.0
"""How long nothing comes back of a call that was dropped and has no deadline, in seconds; then it breaks off."""

_BROKEN_OFF = EndedCall(grpc.StatusCode.UNAVAILABLE, "broken off on purpose", ())


@dataclass(frozen=True, slots=True)
class _Watch:
    """What one RPC's calls are looked at with."""

    rpc: Rpc
    faults: PartyFaults
    asked: str

    def meet(self, received: bytes) -> Meeting | None:
        return self.faults.meet(self.rpc, received, self.asked)


class _StoppedError(BaseException):
    """The party was stopped at the request, for the call meets something. To the party's edge it is nobody's error."""

    def __init__(self, received: bytes, meeting: Meeting) -> None:
        super().__init__()
        self.received = received
        self.meeting = meeting


class _Context:
    """gRPC's own context, but for what a kind of it says otherwise.

    A call that the party is given twice holds nothing of it twice: what the party does at a call's end, it does at the end of
    each time, and not only when gRPC is through with both.
    """

    def __init__(self, context: AnyContext) -> None:
        self._context: Any = context
        self._at_end: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Have ``callback`` called at the end."""
        self._at_end.append(callback)
        self._context.add_done_callback(lambda _: self.over())

    def over(self) -> None:
        """This time is over; once is as good as twice."""
        at_end, self._at_end = self._at_end, []
        for callback in at_end:
            callback(self._context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class _AtTheDoor(_Context):
    """Stops whoever reads a request that meets something."""

    def __init__(self, context: AnyContext, watch: _Watch) -> None:
        super().__init__(context)
        self._watch = watch

    async def read(self) -> Any:
        """The request. Raises: _StoppedError; REQUEST_MALFORMED when the call asks for what is no fault."""
        received = await self._context.read()
        meeting = None if received is grpc.aio.EOF else self._watch.meet(received)
        if meeting is not None:
            self.over()
            raise _StoppedError(received, meeting)
        return received


class _Delivery(_Context):
    """Has the request already, and keeps the call's end."""

    def __init__(self, context: AnyContext, request: bytes) -> None:
        super().__init__(context)
        self._request = request
        self.ended: EndedCall | None = None

    async def read(self) -> bytes:
        """The request."""
        return self._request

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Any = ()) -> None:
        """End the call. Raises: AbortError, as gRPC's own does."""
        self.ended = EndedCall(code, details, tuple(trailing_metadata))
        raise grpc.aio.AbortError

    async def abort_with_status(self, status: Any) -> None:
        """End the call. Raises: AbortError, as gRPC's own does."""
        await self.abort(status.code, status.details, status.trailing_metadata)

    def code(self) -> Any:
        """How the call ended."""
        return self._context.code() if self.ended is None else self.ended.code


def faulty_reply(behaviour: Behaviour, rpc: Rpc, faults: PartyFaults, asked: str) -> Behaviour:
    """``behaviour``, which gives one reply of bytes, with faults."""
    watch = _Watch(rpc, faults, asked)

    async def call(received: Any, context: AnyContext) -> bytes:
        try:
            reply: bytes = await behaviour(received, _AtTheDoor(context, watch))
        except _StoppedError as stopped:
            met = stopped
        else:
            return reply
        outcome = await _carried_out(behaviour, received, context, rpc, met)
        return await _given_back(outcome, context, met.meeting.text)

    return call


async def _carried_out(
    behaviour: Behaviour, received: Any, context: AnyContext, rpc: Rpc, met: _StoppedError
) -> Outcome:
    async def deliver(request: bytes) -> Answered | PartysOwn:
        delivery = _Delivery(context, request)
        be_off_by(met.meeting.plan.skew_ms)
        try:
            return Answered(await behaviour(received, delivery))
        except grpc.aio.AbortError:
            if delivery.ended is None:
                raise
            return PartysOwn(delivery.ended)
        finally:
            be_off_by(0)
            delivery.over()

    return await carry_out(met.meeting, rpc, met.received, deliver=deliver, wait=asyncio.sleep)


async def _given_back(outcome: Outcome, context: AnyContext, mark: str) -> bytes:
    """End the call as it is to end. Raises: AbortError."""
    if isinstance(outcome, Answered):
        context.set_trailing_metadata(((FAULT_KEY, mark),))
        return outcome.reply
    if isinstance(outcome, PartysOwn):
        ended: EndedCall = outcome.end
    elif isinstance(outcome, Refusal):
        ended = refused(outcome)
    elif isinstance(outcome, BrokenOff):
        ended = _BROKEN_OFF
    else:
        await _silence(context)
        ended = _BROKEN_OFF
    await context.abort_with_status(marked(ended, mark))
    raise AssertionError  # gRPC's abort raised


async def _silence(context: AnyContext) -> None:
    """Past the caller's deadline, at which gRPC ends this."""
    left: float | None = context.time_remaining()
    await asyncio.sleep(LONGEST_SILENCE_S if left is None else min(left + 1.0, LONGEST_SILENCE_S))


def faulty_replies(behaviour: Behaviour, rpc: Rpc, faults: PartyFaults, asked: str) -> Behaviour:
    """``behaviour``, which yields replies of bytes, with the faults that come before the first."""
    watch = _Watch(rpc, faults, asked)

    async def call(received: Any, context: AnyContext) -> AsyncIterator[bytes]:
        met: _StoppedError | None = None
        try:
            async with aclosing(behaviour(received, _AtTheDoor(context, watch))) as replies:
                async for reply in replies:
                    yield reply
        except _StoppedError as stopped:
            met = stopped
        if met is not None:
            async with aclosing(_replies(behaviour, received, context, rpc, met)) as replies:
                async for reply in replies:
                    yield reply

    return call


async def _replies(
    behaviour: Callable[..., Any], received: Any, context: AnyContext, rpc: Rpc, met: _StoppedError
) -> AsyncGenerator[bytes, None]:
    plan, mark = met.meeting.plan, met.meeting.text
    await asyncio.sleep(plan.wait_ms / 1000)
    if plan.end is not None:
        await _given_back(plan.end, context, mark)
    request = edited(rpc.request, met.received, plan.edit_request, met.meeting.draws)
    be_off_by(plan.skew_ms)
    delivery = _Delivery(context, request)
    try:
        async with aclosing(behaviour(received, delivery)) as replies:
            async for reply in replies:
                yield reply
    except grpc.aio.AbortError:
        if delivery.ended is None:
            raise
        await context.abort_with_status(marked(delivery.ended, mark))
    finally:
        be_off_by(0)
    context.set_trailing_metadata(((FAULT_KEY, mark),))
