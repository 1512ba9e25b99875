"""What one member can make a real hub hold, in counts and in memory. Nothing here depends on how fast anything is.

Each attack here is one of ``attacks/``, for as long as it takes to reach its bound; all of them, with honest members
beside them and a clock, are ``test_floods.py``.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from tests.integration.floods.attacks.wire import HEADERS, Wire

from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.hub.v1.hub_service_pb2 import ExchangeCall, ExchangeStreamRequest, ExchangeStreamResponse
from warifu.errors import Reason
from warifu.rpc.admission import QUICK_CALLS
from warifu.rpc.status import from_rpc_error

EXCHANGE = "/warifu.api.hub.v1.HubService/Exchange"
EXCHANGE_STREAM = "/warifu.api.hub.v1.HubService/ExchangeStream"
_WITHIN_S = 20


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(_WITHIN_S):
        while not holds():  # noqa: ASYNC110  # another process does not tell
            await asyncio.sleep(0.02)


async def test_of_a_message_whose_sender_was_taken_back_nothing_is_read(flooded: Any) -> None:
    before = flooded.resident.now()
    with flooded.under("revoked_messages"):
        await until(lambda: sum(line.get("reason") == "CALLER_REVOKED" for line in flooded.lines()) >= 200)
        assert flooded.resident.now() < 1.5 * before  # of 1,600 MiB that were to come


@pytest.mark.parametrize("flood", ["endless_headers", "metadata"])
async def test_of_headers_that_are_too_long_nothing_is_read_ahead(flooded: Any, honest: Any, flood: str) -> None:
    await honest.exchange()
    before = flooded.resident.now()
    flooded.resident.begin()
    with flooded.under(flood):
        for _ in range(20):
            await honest.exchange()
        assert flooded.resident.peak() < 1.4 * before  # 1.8 to 2.4 times, if gRPC reads as much as there is
    assert honest.failed == []


@pytest.mark.parametrize("flood", ["unfinished_calls", "unfinished_messages", "unread_lists"])
async def test_a_flood_takes_no_more_than_a_hub_takes_anyway(flooded: Any, honest: Any, flood: str) -> None:
    await honest.exchange()
    before = flooded.resident.now()
    flooded.resident.begin()
    with flooded.under(flood):
        for _ in range(20):
            await honest.exchange()
        assert flooded.resident.peak() < 2 * before  # on a busy machine; left alone, 1.6 times
    assert honest.failed == []


async def test_of_streams_of_exchanges_a_caller_has_four_and_the_oldest_end_by_name(flooded: Any) -> None:
    one = ExchangeStreamRequest(calls=[ExchangeCall(call_number=1, timeout_ms=60_000)]).SerializeToString()
    async with flooded.place("insurance").channel() as channel:
        streams: list[Any] = []
        for _ in range(6):
            streams.append(channel.stream_stream(EXCHANGE_STREAM)())
            await streams[-1].write(one)
            await streams[-1].read()  # so that the hub has them in this order
        for older in streams[:2]:
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await older.read()
            assert from_rpc_error(ended.value, default={}).reason is Reason.OVERLOADED


async def test_more_connections_than_a_caller_may_have_are_ended(flooded: Any) -> None:
    kept = [await asyncio.to_thread(Wire, flooded.place("insurance")) for _ in range(24)]
    for wire in kept:
        wire.begin("/warifu.api.log.v1.LogService/GetCheckpoint", content=b"")
    await until(lambda: sum(wire.is_open for wire in kept) <= 16)
    assert sum(wire.got[HEADERS] > 0 for wire in kept) >= 16
    for wire in kept:
        wire.close()


async def test_a_caller_that_is_refused_without_end_loses_its_connection_and_its_refusals_are_counted(
    flooded: Any,
) -> None:
    wire = await asyncio.to_thread(Wire, flooded.place("residence"), window=2**30)
    begun = 0
    while wire.is_open:
        if begun - wire.ended < 50:
            begun += 1
            try:
                wire.begin(EXCHANGE, content=b"")
            except OSError:
                break
        else:
            await asyncio.sleep(0.001)
    wire.close()
    await until(lambda: any(line["event"] == "calls_refused" for line in flooded.lines()))
    told = sum(line.get("reason") == "CALLER_REVOKED" for line in flooded.lines())
    assert 400 <= told < 1_000


async def test_a_hub_keeps_one_connection_to_a_node_wherever_it_was_before(
    flooded: Any, honest: Any, calls: Any
) -> None:
    office = honest.office
    ports = [await office.another() for _ in range(5)]
    await honest.exchange()

    async def everywhere() -> None:
        for endpoint in ports:
            await office.announce(endpoint)
            await honest.exchange()

    await everywhere()
    before = flooded.resident.descriptors()
    for _ in range(3):
        await everywhere()
    assert honest.failed == []
    await until(lambda: flooded.resident.descriptors() <= before + 2)


async def test_whoever_asks_what_it_may_as_often_as_it_can_has_so_many_turns_and_others_calls_do_not_wait_behind_its(
    flooded: Any, honest: Any
) -> None:
    began, before = time.monotonic(), len(flooded.lines())
    with flooded.under("checkpoints"):
        for _ in range(20):
            await honest.exchange()
        lines, turns = flooded.lines()[before:], QUICK_CALLS.burst + QUICK_CALLS.per_second * (time.monotonic() - began)
    answered = sum(line["event"] == "call_answered" and line["method"].endswith("/GetCheckpoint") for line in lines)
    assert 0 < answered <= turns
    assert honest.failed == []


async def test_what_is_announced_too_often_is_not_written(flooded: Any) -> None:
    async with flooded.place("insurance").channel() as channel:
        announce: Any = channel.unary_unary("/warifu.api.directory.v1.DirectoryService/AnnounceEndpoint")
        for number in range(1, 2_000):
            request = AnnounceEndpointRequest(endpoint=f"127.0.0.1:{number}").SerializeToString()
            try:
                await announce(request, timeout=10)
            except grpc.aio.AioRpcError as error:
                told = from_rpc_error(error, default={})
                assert (told.reason, told.where) == (Reason.OVERLOADED, "endpoint")
                return
    pytest.fail("all were taken")


async def test_of_refused_inquiries_so_many_are_decided_and_logged_and_the_rest_is_not_decided(flooded: Any) -> None:
    before = flooded.leaves()
    calls = [ExchangeCall(call_number=number, timeout_ms=60_000) for number in range(250)]
    message = ExchangeStreamRequest(calls=calls).SerializeToString()
    reasons: Counter[str] = Counter()
    async with flooded.place("insurance").channel() as channel:
        stream: Any = channel.stream_stream(EXCHANGE_STREAM)()
        for _ in range(20):
            await stream.write(message)
        while reasons.total() < 20 * 250:
            told = ExchangeStreamResponse.FromString(await stream.read())
            reasons.update(reply.failure.reason for reply in told.replies)
    assert set(reasons) == {"REQUEST_MALFORMED", "OVERLOADED"}
    assert reasons["REQUEST_MALFORMED"] == flooded.leaves() - before < 4_000
