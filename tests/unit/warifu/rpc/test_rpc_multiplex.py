"""Many calls on one stream, both ends joined in memory: no call feels another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import pytest

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideCall,
    ProvideReply,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
    ProvideStreamResponse,
)
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import Reason, WarifuError
from warifu.rpc.multiplex import MOST_CALLS, CallStream, StreamedRpc, serve_calls
from warifu.rpc.status import WHERE_LIMIT

Handle = Callable[[ProvideRequest, float], Awaitable[ProvideResponse]]


def request(number: int) -> ProvideRequest:
    return ProvideRequest(permit=ProvisionPermit(processing_number=str(number)))


def response(asked: ProvideRequest) -> ProvideResponse:
    return ProvideResponse(answer=SignedAnswer(sealed_answer=asked.permit.processing_number.encode()))


async def echo(asked: ProvideRequest, _: float) -> ProvideResponse:
    return response(asked)


def broken(code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="broken")


class Wire:
    """A stream between two ends; what a gRPC call would be."""

    def __init__(self, replies: AsyncIterator[Any]) -> None:
        self._replies = replies
        self.cancelled = False
        self.error: grpc.aio.AioRpcError | None = None

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for reply in self._replies:
            yield reply
            if self.error is not None:
                break
        if self.error is not None:
            raise self.error

    def cancel(self) -> None:
        self.cancelled = True


class Peer:
    """Stands in for the channel; ``generation`` as of a replaced certificate."""

    def __init__(self, handle: Handle, stopping: asyncio.Event | None = None) -> None:
        self._handle = handle
        self._stopping = stopping
        self.generation = 0
        self.wires: list[Wire] = []
        self.sent: list[int] = []
        self.alone = 0
        self.refuse_stream = False

    def connected(self) -> Any:
        """It always is."""
        return self

    def open(self, messages: AsyncIterator[Any]) -> Any:
        wire = Wire(self._refused(messages) if self.refuse_stream else self._served(messages))
        self.wires.append(wire)
        return wire

    async def call_alone(self, asked: ProvideRequest, timeout: float) -> ProvideResponse:
        self.alone += 1
        return await self._handle(asked, timeout)

    async def _refused(self, _: AsyncIterator[Any]) -> AsyncIterator[Any]:
        raise broken(grpc.StatusCode.UNIMPLEMENTED)
        yield None  # type: ignore[unreachable]  # what makes it a generator, like the other

    def _served(self, messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
        return serve_calls(
            self._counted(messages),
            handle=self._handle,
            reply_type=ProvideReply,
            response_type=ProvideStreamResponse,
            stopping=self._stopping,
        )

    async def _counted(self, messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for message in messages:
            self.sent.append(len(message.calls))
            yield message


def stream_to(peer: Peer, meaning: Reason = Reason.PROVIDER_FAILED) -> CallStream[ProvideRequest, ProvideResponse]:
    rpc = StreamedRpc(
        open=peer.open,
        alone=peer.call_alone,
        call_type=ProvideCall,
        message_type=ProvideStreamRequest,
        error=lambda _: WarifuError(meaning, where="provider"),
        timed_out=Reason.PROVIDER_TIMED_OUT,
        ended=Reason.PROVIDER_FAILED,
        garbled=Reason.PROVIDER_FAILED,
    )
    return CallStream(peer, rpc)  # type: ignore[arg-type]  # of the channel, only these two are used


async def test_calls_made_together_share_messages_and_each_gets_its_own_answer() -> None:
    peer = Peer(echo)
    stream = stream_to(peer)
    answers = await asyncio.gather(*(stream.call(request(number), 5) for number in range(100)))
    assert [answer.answer.sealed_answer for answer in answers] == [str(number).encode() for number in range(100)]
    assert len(peer.wires) == 1
    assert sum(peer.sent) == 100
    assert len(peer.sent) < 20
    await stream.close()


async def test_a_slow_call_holds_no_other_up() -> None:
    slow = asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        if asked.permit.processing_number == "0":
            await slow.wait()
        return response(asked)

    stream = stream_to(Peer(handle))
    first = asyncio.ensure_future(stream.call(request(0), 5))
    await asyncio.gather(*(stream.call(request(number), 5) for number in range(1, 20)))
    assert not first.done()
    slow.set()
    assert (await first).answer.sealed_answer == b"0"
    await stream.close()


async def test_a_call_keeps_its_own_error_and_deadline() -> None:
    async def handle(asked: ProvideRequest, left: float) -> ProvideResponse:
        number = asked.permit.processing_number
        if number == "1":
            raise WarifuError(Reason.PERMIT_REUSED, where="permit", debug="not for the other side")
        if number == "2":
            raise LookupError("a text that must not travel")
        return ProvideResponse(answer=SignedAnswer(sealed_answer=str(round(left)).encode()))

    stream = stream_to(Peer(handle))
    good, refused, failed = await asyncio.gather(
        stream.call(request(0), 7), stream.call(request(1), 5), stream.call(request(2), 5), return_exceptions=True
    )
    assert isinstance(good, ProvideResponse)
    assert good.answer.sealed_answer == b"7"
    assert isinstance(refused, WarifuError)
    assert (refused.reason, refused.where, refused.debug) == (Reason.PERMIT_REUSED, "permit", "")
    assert isinstance(failed, WarifuError)
    assert (failed.reason, failed.where) == (Reason.INTERNAL, "")
    await stream.close()


async def test_a_long_place_of_one_calls_failure_is_cut_as_in_a_status() -> None:
    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        raise WarifuError(Reason.PERMIT_REUSED, where="x" * 100_000)

    stream = stream_to(Peer(handle))
    with pytest.raises(WarifuError) as refused:
        await stream.call(request(0), 5)
    assert refused.value.where == "x" * WHERE_LIMIT
    await stream.close()


async def test_a_call_that_is_not_answered_in_time_ends_alone() -> None:
    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        if asked.permit.processing_number == "0":
            await asyncio.Event().wait()
        return response(asked)

    stream = stream_to(Peer(handle))
    late, good = await asyncio.gather(stream.call(request(0), 0.01), stream.call(request(1), 5), return_exceptions=True)
    assert isinstance(late, WarifuError)
    assert late.reason is Reason.PROVIDER_TIMED_OUT
    assert isinstance(good, ProvideResponse)
    await stream.close()


async def test_a_broken_stream_fails_its_calls_and_the_next_call_opens_another() -> None:
    hold = asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        if asked.permit.processing_number == "0":
            await hold.wait()
        return response(asked)

    peer = Peer(handle)
    stream = stream_to(peer)
    waiting = asyncio.ensure_future(stream.call(request(0), 5))
    await asyncio.sleep(0)
    peer.wires[0].error = broken(grpc.StatusCode.UNAVAILABLE)
    await stream.call(request(1), 5)  # its reply is the last that comes through
    with pytest.raises(WarifuError) as failed:
        await waiting
    assert (failed.value.reason, failed.value.where) == (Reason.PROVIDER_FAILED, "provider")
    assert (await stream.call(request(2), 5)).answer.sealed_answer == b"2"
    assert len(peer.wires) == 2
    await stream.close()


@pytest.mark.parametrize(
    ("said", "definite"),
    [
        (WarifuError(Reason.PROVIDER_UNREACHABLE), True),
        (WarifuError(Reason.PROVIDER_UNREACHABLE, definite=False), False),
        (WarifuError(Reason.PROVIDER_FAILED, definite=True), False),  # the catalogue never calls it so
    ],
    ids=["as the catalogue", "less sure", "surer than it can be"],
)
async def test_a_call_on_a_stream_fails_as_definitely_as_it_is_said(said: WarifuError, definite: bool) -> None:
    async def handle(_: ProvideRequest, __: float) -> ProvideResponse:
        raise said

    stream = stream_to(Peer(handle))
    with pytest.raises(WarifuError) as failed:
        await stream.call(request(0), 5)
    assert (failed.value.reason, failed.value.definite) == (said.reason, definite)
    await stream.close()


@pytest.mark.parametrize(("told", "definite"), [(True, True), (False, False), (None, False)])
async def test_a_reason_of_a_later_version_is_as_definite_as_it_is_said(told: bool | None, definite: bool) -> None:
    class Later:
        value = "OF_A_LATER_VERSION"

    async def handle(_: ProvideRequest, __: float) -> ProvideResponse:
        error = WarifuError(Reason.INTERNAL, definite=told)
        error.reason = Later()  # type: ignore[assignment]
        raise error

    stream = stream_to(Peer(handle))
    with pytest.raises(WarifuError) as failed:
        await stream.call(request(0), 5)
    assert (failed.value.reason, failed.value.definite) == (Reason.INTERNAL, definite)
    await stream.close()


async def test_a_stream_that_was_let_in_and_then_refused_says_nothing_definite_of_a_call_under_way() -> None:
    hold = asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        if asked.permit.processing_number == "0":
            await hold.wait()
        return response(asked)

    peer = Peer(handle)
    stream = stream_to(peer, meaning=Reason.CALLER_REVOKED)
    under_way = asyncio.ensure_future(stream.call(request(0), 5))
    await asyncio.sleep(0)
    peer.wires[0].error = broken(grpc.StatusCode.UNAUTHENTICATED)
    await stream.call(request(1), 5)  # its reply is the last that comes through
    with pytest.raises(WarifuError) as failed:
        await under_way
    assert (failed.value.reason, failed.value.definite) == (Reason.PROVIDER_FAILED, False)
    assert failed.value.where == "the stream: CALLER_REVOKED provider"
    await stream.close()


async def test_a_stream_that_was_never_let_in_ends_its_calls_as_it_was_refused() -> None:
    async def refused(_: Any) -> AsyncIterator[Any]:
        raise broken(grpc.StatusCode.UNAUTHENTICATED)
        yield None  # type: ignore[unreachable]  # what makes it a generator

    peer = Peer(echo)
    peer.open = lambda messages: Wire(refused(messages))  # type: ignore[method-assign]
    stream = stream_to(peer, meaning=Reason.CALLER_REVOKED)
    with pytest.raises(WarifuError) as failed:
        await stream.call(request(0), 5)
    assert (failed.value.reason, failed.value.definite) == (Reason.CALLER_REVOKED, True)
    await stream.close()


async def test_a_replaced_certificate_moves_the_calls_and_lets_the_old_ones_end() -> None:
    hold = asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        if asked.permit.processing_number == "0":
            await hold.wait()
        return response(asked)

    peer = Peer(handle)
    stream = stream_to(peer)
    old = asyncio.ensure_future(stream.call(request(0), 5))
    await asyncio.sleep(0)
    peer.generation += 1
    await stream.call(request(1), 5)
    hold.set()
    assert (await old).answer.sealed_answer == b"0"
    assert len(peer.wires) == 2
    await stream.close()
    assert all(wire.cancelled for wire in peer.wires)


async def test_a_peer_without_the_stream_is_called_one_by_one() -> None:
    peer = Peer(echo)
    peer.refuse_stream = True
    stream = stream_to(peer)
    answers = await asyncio.gather(*(stream.call(request(number), 5) for number in range(3)))
    await stream.call(request(3), 5)
    assert [answer.answer.sealed_answer for answer in answers] == [b"0", b"1", b"2"]
    assert peer.alone == 4
    assert len(peer.wires) == 1
    await stream.close()


async def test_a_server_that_stops_takes_no_more_and_answers_what_it_has() -> None:
    stopping, begun = asyncio.Event(), asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        begun.set()
        await stopping.wait()
        return response(asked)

    stream = stream_to(Peer(handle, stopping))
    taken = asyncio.ensure_future(stream.call(request(0), 5))
    await begun.wait()
    stopping.set()
    assert (await taken).answer.sealed_answer == b"0"
    await stream.close()


@pytest.mark.parametrize("calls", [0, MOST_CALLS + 1])
async def test_an_empty_or_overfull_message_ends_the_stream(calls: int) -> None:
    async def messages() -> AsyncIterator[ProvideStreamRequest]:
        numbers = range(calls)
        yield ProvideStreamRequest(
            calls=[ProvideCall(call_number=n, timeout_ms=9, request=request(n)) for n in numbers]
        )

    served = serve_calls(messages(), handle=echo, reply_type=ProvideReply, response_type=ProvideStreamResponse)
    with pytest.raises(WarifuError) as refused:
        [reply async for reply in served]
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "calls")


async def test_a_caller_who_has_gone_leaves_the_stream_as_it_was() -> None:
    hold = asyncio.Event()

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        await hold.wait()
        return response(asked)

    stream = stream_to(Peer(handle))
    gone, stays = (asyncio.ensure_future(stream.call(request(number), 5)) for number in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    hold.set()
    assert (await stays).answer.sealed_answer == b"1"
    await stream.close()


async def test_a_caller_who_reads_no_replies_is_soon_not_read_and_goes_on_where_it_was() -> None:
    handled = 0

    async def messages() -> AsyncIterator[ProvideStreamRequest]:
        for _ in range(20):
            yield ProvideStreamRequest(calls=[ProvideCall(call_number=n, timeout_ms=9) for n in range(MOST_CALLS)])

    async def handle(asked: ProvideRequest, _: float) -> ProvideResponse:
        nonlocal handled
        handled += 1
        return response(asked)

    served = serve_calls(messages(), handle=handle, reply_type=ProvideReply, response_type=ProvideStreamResponse)
    first = await anext(served)
    for _ in range(10_000):
        await asyncio.sleep(0)
    assert handled == 1024, "as many as may be under way, their replies among them"
    rest = sum([len(message.replies) async for message in served])
    assert len(first.replies) + rest == handled == 20 * MOST_CALLS
