"""Faults of calls that share a stream (``warifu.rpc.multiplex``).

Decides which calls of a message go on with it, untouched, and which are taken out: each of those meets what the same call would
meet as an RPC by itself, is delivered in messages of its own under a number that no caller uses, and replied to when it is
ready. The other calls of the stream notice nothing. A stream has one set of trailing metadata, at its end: the mark is there,
for the calls that were changed last, by their numbers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any

from google.protobuf.message import DecodeError

from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import Reason, WarifuError
from warifu.rpc.edge import Behaviour
from warifu.rpc.identity import AnyContext
from warifu_kit.faults.carrying import Answered, Outcome, PartysOwn, carry_out
from warifu_kit.faults.clock import be_off_by
from warifu_kit.faults.deciding import Meeting
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.plan import BrokenOff, Refusal
from warifu_kit.faults.rpcs import BROKEN_OFF, Rpc
from warifu_kit.faults.wire.marks import FAULT_KEY

__all__ = ["MARKED_AT_MOST", "FaultyStream", "faulty_stream"]

MARKED_AT_MOST = 32
"""How many calls of a stream its trailing metadata names, the last ones."""

_OF_SERVERS, _OF_CALLERS = range(2**63, 2**64), range(2**62, 2**63)
"""Numbers under which calls are delivered that met something; either side of a stream may do so. Callers count from 1."""


def faulty_stream(behaviour: Behaviour, rpc: Rpc, faults: PartyFaults, asked: str) -> Behaviour:
    """``behaviour``, which serves a stream of calls as bytes, with faults. ``asked`` is for every call of a stream."""

    async def call(received: AsyncIterable[bytes], context: AnyContext) -> AsyncIterator[bytes]:
        stream = FaultyStream(rpc, faults, received, asked=asked)
        async with aclosing(stream.replies(behaviour(stream.messages(), context))) as replies:
            async for reply in replies:
                yield reply
        context.set_trailing_metadata(tuple((FAULT_KEY, mark) for mark in stream.marks))

    return call


class FaultyStream:
    """One stream, between its caller and the party that serves it; either may be the one with faults.

    With ``made`` it is the caller. ``marks`` say what was done to which call.
    """

    def __init__(
        self, rpc: Rpc, faults: PartyFaults, received: AsyncIterable[bytes], *, asked: str = "", made: bool = False
    ) -> None:
        if rpc.stands_for is None:
            raise WarifuError(Reason.INTERNAL, where=f"{rpc.name} stands for no other RPC")
        self._rpc, self._alone = rpc, rpc.stands_for
        self._faults = faults
        self._asked, self._made = asked, made
        self._received = received
        self._inward: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()
        self._outward: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._own_numbers = _OF_CALLERS if made else _OF_SERVERS
        self._numbers = iter(self._own_numbers)
        self._delivered: dict[int, asyncio.Future[Answered | PartysOwn]] = {}
        self._met: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self.marks: deque[str] = deque(maxlen=MARKED_AT_MOST)

    async def messages(self) -> AsyncIterator[bytes]:
        """What the party reads. It begins a task for each call as it reads it, which so goes by the clock that the call is to see."""
        reading = self._reading = asyncio.create_task(self._read())
        try:
            while (message := await self._inward.get()) is not None:
                be_off_by(message[1])
                yield message[0]
                be_off_by(0)
                self._inward.task_done()
            await reading  # it raises what reading the caller's messages raised
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def replies(self, partys: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """What the caller reads, of what the party replies and of what its calls met."""
        relaying = asyncio.create_task(self._relay(partys))
        try:
            while (message := await self._outward.get()) is not None:
                yield message
                self._outward.task_done()
            await relaying
        finally:
            tasks = [task for task in (relaying, self._reading, *self._met) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        """Let through what meets nothing; ends once everything that came was delivered."""
        try:
            async for message in self._received:
                left = self._take_out(message)
                if left is not None:
                    self._inward.put_nowait((left, 0))
                    await self._inward.join()  # no more is read than the party takes
            await asyncio.gather(*self._met)
        finally:
            self._inward.put_nowait(None)

    def _take_out(self, message: bytes) -> bytes | None:
        """Begin what the calls of ``message`` meet; the message without those calls, None if there are no others."""
        try:
            parsed = self._rpc.request.FromString(message)
        except DecodeError:
            return message  # the party will say so
        left = [call for call in parsed.calls if not self._begins(call)]
        if len(left) == len(parsed.calls):
            return message
        return bytes(self._rpc.request(calls=left).SerializeToString()) if left else None

    def _begins(self, call: Any) -> bool:
        """Whether ``call`` meets something, which begins then."""
        request = call.request.SerializeToString()
        try:
            meeting = self._faults.meet(self._alone, request, self._asked, made=self._made)
        except WarifuError as error:
            self._reply(call.call_number, Refusal(error.reason, error.where))
            return True
        if meeting is not None:
            task = asyncio.create_task(self._meet(call, request, meeting))
            self._met.add(task)
            task.add_done_callback(self._met.discard)
        return meeting is not None

    async def _meet(self, call: Any, request: bytes, meeting: Meeting) -> None:
        give_up = asyncio.get_running_loop().time() + call.timeout_ms / 1000
        deliver = partial(self._deliver, give_up, meeting.plan.skew_ms)
        outcome = await carry_out(meeting, self._alone, request, deliver=deliver, wait=asyncio.sleep, made=self._made)
        self.marks.append(f"{call.call_number}={meeting.text}")
        self._reply(call.call_number, outcome)

    async def _deliver(self, give_up: float, skew_ms: int, request: bytes) -> Answered | PartysOwn:
        number, loop = next(self._numbers), asyncio.get_running_loop()
        outcome: asyncio.Future[Answered | PartysOwn] = loop.create_future()
        self._delivered[number] = outcome
        left_ms = max(1, int((give_up - loop.time()) * 1000))
        message = self._rpc.request()
        message.calls.add(call_number=number, timeout_ms=left_ms, request=self._alone.request.FromString(request))
        try:
            self._inward.put_nowait((message.SerializeToString(), skew_ms))
            return await outcome
        finally:
            del self._delivered[number]

    async def _relay(self, partys: AsyncGenerator[bytes, None]) -> None:
        """Pass on what the party replies to untouched calls; keep what it replies to others for whoever delivered them."""
        try:
            async with aclosing(partys) as replies:
                async for message in replies:
                    left = self._kept_back(message)
                    if left is not None:
                        self._outward.put_nowait(left)
                        await self._outward.join()  # nor does the party reply to more than the caller takes
        finally:
            self._outward.put_nowait(None)

    def _kept_back(self, message: bytes) -> bytes | None:
        try:
            parsed = self._rpc.reply.FromString(message)
        except DecodeError:
            return message
        left = [reply for reply in parsed.replies if reply.call_number not in self._own_numbers]
        if len(left) == len(parsed.replies):
            return message
        for reply in parsed.replies:
            delivered = self._delivered.get(reply.call_number)
            if delivered is not None and not delivered.done():
                delivered.set_result(_outcome(reply))
        return bytes(self._rpc.reply(replies=left).SerializeToString()) if left else None

    def _reply(self, number: int, outcome: Outcome) -> None:
        message = self._rpc.reply()
        reply = message.replies.add(call_number=number)
        if isinstance(outcome, Answered):
            reply.response.MergeFromString(outcome.reply)
        elif isinstance(outcome, PartysOwn):
            reply.failure.CopyFrom(outcome.end)
        elif isinstance(outcome, Refusal):
            reply.failure.CopyFrom(CallFailure(reason=outcome.reason.value, where=outcome.where))
        elif isinstance(outcome, BrokenOff):
            reply.failure.CopyFrom(CallFailure(reason=BROKEN_OFF[self._alone.name].value, where=FAULT_KEY))
        else:
            return  # its caller waits until its own deadline
        self._outward.put_nowait(message.SerializeToString())


def _outcome(reply: Any) -> Answered | PartysOwn:
    if reply.WhichOneof("end") == "response":
        return Answered(reply.response.SerializeToString())
    return PartysOwn(reply.failure)
