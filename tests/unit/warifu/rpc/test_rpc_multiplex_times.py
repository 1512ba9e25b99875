"""The time that a call has on a stream: it runs wherever the call waits, and whoever waits no longer costs nobody anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.warifu.rpc.test_rpc_multiplex import Peer, request, response, stream_to

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideCall,
    ProvideReply,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
    ProvideStreamResponse,
)
from warifu.errors import Reason, WarifuError
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.width import Width


async def test_what_waits_for_a_writer_has_its_time_run_down_and_does_not_leave_when_nobody_waits_any_more() -> None:
    seen: dict[str, float] = {}
    free = asyncio.Event()

    async def handle(asked: ProvideRequest, left: float) -> ProvideResponse:
        seen[asked.permit.processing_number] = left
        return response(asked)

    class Slow(Peer):
        """A peer that reads nothing for a while."""

        async def _counted(self, messages: AsyncIterator[Any]) -> AsyncIterator[Any]:
            await free.wait()
            async for message in super()._counted(messages):
                yield message

    stream = stream_to(Slow(handle))
    patient = asyncio.ensure_future(stream.call(request(1), 60))
    with pytest.raises(WarifuError) as timed_out:
        await stream.call(request(2), 0.05)
    assert timed_out.value.reason is Reason.PROVIDER_TIMED_OUT
    free.set()
    await patient
    assert set(seen) == {"1"}, "nobody waited for the other"
    assert seen["1"] < 59.99
    await stream.close()


async def test_a_call_that_waited_for_its_turn_at_the_server_has_so_much_less_time() -> None:
    seen: dict[str, float] = {}
    go_on = asyncio.Event()

    async def handle(asked: ProvideRequest, left: float) -> ProvideResponse:
        seen[asked.permit.processing_number] = left
        if len(seen) == 1:
            await go_on.wait()
        return response(asked)

    one_at_a_time = Width(together=1, under_way=1)
    calls = [ProvideCall(call_number=number, timeout_ms=60_000, request=request(number)) for number in (1, 2)]

    async def messages() -> AsyncIterator[Any]:
        yield ProvideStreamRequest(calls=calls)

    served = serve_calls(
        messages(), handle=handle, reply_type=ProvideReply, response_type=ProvideStreamResponse, width=one_at_a_time
    )
    replies = asyncio.ensure_future(anext(served))
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 0.05:  # noqa: ASYNC110  # the time itself is what is waited for
        await asyncio.sleep(0.01)
    go_on.set()
    await replies
    await anext(served)
    assert seen["2"] < 59.99
    await served.aclose()  # type: ignore[attr-defined]  # it is an asynchronous generator
