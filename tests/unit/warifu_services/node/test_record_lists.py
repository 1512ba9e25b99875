"""Lists of a node are read a few rows at a time and held a page at a time, however many rows there are and lists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason, WarifuError
from warifu.rpc.paging import ROWS_IN_A_TURN
from warifu_services.node import servicer as servicer_module
from warifu_services.node.servicer import NodeCore, NodeServicer

RECORDS = 200


class Counted:
    """A store of that many records, which counts the rows that are read in each turn of the event loop."""

    def __init__(self) -> None:
        self.turn = 0
        self.rows: dict[int, int] = {}

    def records(self, after: int, count: int) -> list[tuple[int, str]]:
        rows = [(sequence, f"record {sequence}") for sequence in range(after + 1, RECORDS + 1)][:count]
        assert self.turn not in self.rows, "two lists in one turn"
        self.rows[self.turn] = len(rows)
        return rows

    pending_provisions = records

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


@pytest.fixture
async def counted(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[NodeServicer, Counted]]:
    monkeypatch.setattr(servicer_module, "caller", lambda _: SimpleNamespace(institution="own"))
    monkeypatch.setattr(
        servicer_module, "exchange_record_message", lambda record: node_pb2.ExchangeRecord(reason=record)
    )
    monkeypatch.setattr(
        servicer_module, "pending_message", lambda record: node_pb2.PendingProvision(local_number=record)
    )
    store = Counted()
    provider = SimpleNamespace(pending=lambda kept: kept)
    core = SimpleNamespace(institution="own", store=store, provider=provider)
    counting = asyncio.create_task(store.count_turns())
    await asyncio.sleep(0)
    yield NodeServicer(cast(NodeCore, core)), store
    counting.cancel()


def streamed(servicer: NodeServicer, page_size: int = 0, page_token: str = "") -> Any:
    request = node_pb2.ListExchangeRecordsRequest(page_size=page_size, page_token=page_token)
    return servicer.ListExchangeRecords(request, cast(Any, None))


async def test_of_many_lists_at_once_no_two_are_read_in_one_turn_of_the_loop(counted: Any) -> None:
    servicer, store = counted

    async def read_all() -> list[str]:
        return [record.reason async for reply in streamed(servicer) for record in reply.records]

    everything = [f"record {sequence}" for sequence in range(1, RECORDS + 1)]
    assert await asyncio.gather(*(read_all() for _ in range(40))) == [everything] * 40
    assert len(store.rows) == 40 * RECORDS // ROWS_IN_A_TURN
    assert max(store.rows.values()) <= ROWS_IN_A_TURN + 1


async def test_a_list_that_is_broken_off_goes_on_from_its_last_token(counted: Any) -> None:
    servicer, _ = counted
    pages = streamed(servicer, 30)
    first = await anext(pages)
    await pages.aclose()
    rest = [record async for reply in streamed(servicer, 100, first.next_page_token) for record in reply.records]
    assert [record.reason for record in [*first.records, *rest]] == [f"record {n}" for n in range(1, RECORDS + 1)]


async def test_a_reader_that_stops_reading_keeps_one_page_in_memory_and_nobody_waiting(counted: Any) -> None:
    servicer, store = counted
    pages = streamed(servicer, 50)
    await anext(pages)
    assert sum(store.rows.values()) == 50 + 50 // ROWS_IN_A_TURN
    assert len([reply async for reply in streamed(servicer, 50)]) == RECORDS // 50
    await pages.aclose()


async def test_what_waits_for_a_clerk_comes_in_pages(counted: Any) -> None:
    servicer, store = counted
    token = ""
    numbers: list[int] = []
    while not numbers or token:
        request = node_pb2.ListPendingProvisionsRequest(page_size=60, page_token=token)
        reply = await servicer.ListPendingProvisions(request, cast(Any, None))
        numbers.append(len(reply.provisions))
        token = reply.next_page_token
    assert numbers == [60, 60, 60, 20]
    assert max(store.rows.values()) <= ROWS_IN_A_TURN + 1


async def test_a_token_of_one_list_is_refused_in_the_other(counted: Any) -> None:
    servicer, _ = counted
    pages = streamed(servicer, 1)
    token = (await anext(pages)).next_page_token
    await pages.aclose()
    request = node_pb2.ListPendingProvisionsRequest(page_token=token)
    with pytest.raises(WarifuError) as refused:
        await servicer.ListPendingProvisions(request, cast(Any, None))
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "page_token")
