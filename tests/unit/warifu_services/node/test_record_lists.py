"""Lists of exchange records take turns, so that many at once leave the node to its other callers."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu_services.node import servicer as servicer_module
from warifu_services.node.servicer import NodeCore, NodeServicer


async def test_of_many_lists_at_once_no_two_are_read_in_one_turn_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    turn = 0

    def records(after: int, count: int) -> list[tuple[int, Any]]:
        turns.append(turn)
        return [(after + 1, None)] if after < 5 else []

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def read_all(servicer: NodeServicer) -> int:
        replies = servicer.ListExchangeRecords(node_pb2.ListExchangeRecordsRequest(), cast(Any, None))
        return len([reply async for reply in replies])

    monkeypatch.setattr(servicer_module, "caller", lambda _: SimpleNamespace(institution="own"))
    monkeypatch.setattr(servicer_module, "exchange_record_message", lambda _: node_pb2.ExchangeRecord())
    core = SimpleNamespace(institution="own", store=SimpleNamespace(records=records))
    servicer = NodeServicer(cast(NodeCore, core))
    counting = asyncio.create_task(count_turns())
    assert await asyncio.gather(*(read_all(servicer) for _ in range(40))) == [5] * 40
    counting.cancel()
    assert len(turns) == 40 * 6
    assert len(set(turns)) == len(turns)
