"""Calls that share a message never make it too large for the peer, however large each of them is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.rpc.multiplex import MOST_CALLS, serve_calls
from warifu.rpc.server import TYPED_MESSAGE_LIMIT
from warifu.rpc.width import IN_BULK

LARGEST = 1024 * 1024


async def replies_to(calls: int, size: int, **how: Any) -> list[hub_pb2.ExchangeStreamResponse]:
    """The messages in which so many answers of that size, ready at the same moment, come back."""
    together = asyncio.Barrier(calls)

    async def handle(_: hub_pb2.ExchangeRequest, __: float) -> hub_pb2.ExchangeResponse:
        await together.wait()
        return hub_pb2.ExchangeResponse(answer=SignedAnswer(sealed_answer=bytes(size)))

    async def messages() -> AsyncIterator[hub_pb2.ExchangeStreamRequest]:
        made = [hub_pb2.ExchangeCall(call_number=number, timeout_ms=1000) for number in range(calls)]
        yield hub_pb2.ExchangeStreamRequest(calls=made)

    served = serve_calls(
        messages(),
        handle=handle,
        reply_type=hub_pb2.ExchangeReply,
        response_type=hub_pb2.ExchangeStreamResponse,
        **how,
    )
    return [response async for response in served]


@pytest.mark.parametrize("size", [LARGEST, LARGEST // 2, LARGEST // 4, 100_000])
async def test_large_replies_that_are_ready_together_fit_the_messages_they_share(size: int) -> None:
    responses = await replies_to(40, size)
    assert max(response.ByteSize() for response in responses) <= TYPED_MESSAGE_LIMIT
    assert sorted(reply.call_number for response in responses for reply in response.replies) == list(range(40))


async def test_small_replies_that_are_ready_together_share_messages() -> None:
    responses = await replies_to(64, 300)
    assert len(responses) <= 10


async def test_in_bulk_all_replies_that_are_ready_together_share_a_message() -> None:
    responses = await replies_to(MOST_CALLS, 300, width=IN_BULK)
    assert max(len(response.replies) for response in responses) > MOST_CALLS // 2
    assert (
        max(response.ByteSize() for response in await replies_to(40, LARGEST // 4, width=IN_BULK))
        <= TYPED_MESSAGE_LIMIT
    )
