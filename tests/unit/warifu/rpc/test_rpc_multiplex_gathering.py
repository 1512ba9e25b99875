"""When a message waits for more calls, and when it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from warifu.api.agency.v1.agency_service_pb2 import ProvideCall
from warifu.rpc import multiplex


async def first_message(under_way: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the calls in the first message, when two more calls follow as soon as the writer pauses."""
    paused = asyncio.Event()

    async def follow(_: float) -> None:
        paused.set()
        for number in (2, 3):
            ready.put_nowait(ProvideCall(call_number=number))

    monkeypatch.setattr("warifu.rpc.multiplex.asyncio.sleep", follow)
    ready: asyncio.Queue[Any] = asyncio.Queue()
    ready.put_nowait(ProvideCall(call_number=1))
    batch = await anext(multiplex._batches(ready, lambda: under_way))
    assert paused.is_set() is (under_way >= multiplex._MANY_UNDER_WAY)
    return [call.call_number for call in batch]


@pytest.mark.parametrize("under_way", [1, 8, 31])
async def test_a_call_leaves_at_once_while_few_are_under_way(under_way: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await first_message(under_way, monkeypatch) == [1]


@pytest.mark.parametrize("under_way", [32, 500])
async def test_a_message_gathers_what_follows_while_many_are_under_way(
    under_way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await first_message(under_way, monkeypatch) == [1, 2, 3]
