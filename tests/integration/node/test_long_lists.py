"""Lists of a node over the wire: both clients read on from page to page, and a long list is not read ahead of its reader."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.client.blocking import BlockingNodeClient
from warifu.errors import Reason
from warifu.rpc.paging import LARGEST_PAGE, PAGE_SIZE, ROWS_IN_A_TURN
from warifu.rpc.status import translated
from warifu_services.node.store import ExchangeRecord, KeptInquiry
from warifu_services.node.store_database import DatabaseNodeStore

LENGTH = 2 * PAGE_SIZE + 100


async def lengthen(town: Any, party: str, length: int) -> list[bytes]:
    """The request_ids of the records of a node, after it has got so many: copies of a real one."""
    await town.client(party).inquire(town.inquiry(0))
    store = town.nodes[party].store
    ((_, record),) = store.records(0, 2)
    names = [secrets.token_bytes(16) for _ in range(length - 1)]
    copies = [KeptInquiry(record=replace(record, request_id=name), content=b"", changed_ms=1) for name in names]
    assert all(await asyncio.gather(*(store.begin_inquiry(copy) for copy in copies)))
    return [record.request_id, *names]


class Reading:
    """Counts the rows that a node's store gives to lists."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """To be made before the node is, for a node takes its store's functions when it is built."""
        self.rows = 0
        self.most = 0
        real = DatabaseNodeStore.records

        def counted(store: DatabaseNodeStore, after: int, count: int) -> list[tuple[int, ExchangeRecord]]:
            rows = real(store, after, count)
            self.rows += len(rows)
            self.most = max(self.most, len(rows))
            return rows

        monkeypatch.setattr(DatabaseNodeStore, "records", counted)


async def test_both_clients_read_a_list_of_many_pages_in_the_order_written(town: Any) -> None:
    names = await lengthen(town, "childcare", LENGTH)
    client = town.client("childcare")
    assert [record.request_id for record in await client.exchange_records()] == names
    assert [record.request_id async for record in client.exchange_records()] == names
    assert [len(page) async for page in client.exchange_records().pages()] == [PAGE_SIZE, PAGE_SIZE, 100]

    def blocking() -> list[bytes]:
        with BlockingNodeClient(town.connection("childcare", "childcare/business")) as node:
            return [record.request_id for record in node.exchange_records()]

    assert await asyncio.to_thread(blocking) == names


async def test_a_list_is_read_a_few_rows_at_a_time_and_not_far_ahead_of_its_reader(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = 10 * LARGEST_PAGE
    await lengthen(town, "childcare", length)
    await town.stop_node("childcare")
    reading = Reading(monkeypatch)
    await town.start_node("childcare")
    client = town.client("childcare")
    pages = client.exchange_records().pages()
    await anext(pages)
    for place in range(5):
        await client.inquire(town.inquiry(place % 2))  # others go on, and the list would too if it read ahead
    assert PAGE_SIZE < reading.rows < length // 2
    assert reading.most <= ROWS_IN_A_TURN + 1
    await pages.aclose()
    assert len(await client.exchange_records()) == length + 5


async def test_a_page_token_goes_on_where_another_call_was_broken_off_and_only_at_its_own_node(
    town: Any, refused: Any
) -> None:
    names = await lengthen(town, "childcare", 40)

    async def listed(party: str, **asked: Any) -> list[node_pb2.ListExchangeRecordsResponse]:
        with translated({}):
            call = town.client(party)._peer.stub(NodeServiceStub).ListExchangeRecords
            return [page async for page in call(node_pb2.ListExchangeRecordsRequest(**asked), timeout=10)]

    pages = await listed("childcare", page_size=15)
    assert [len(page.records) for page in pages] == [15, 15, 10]
    rest = await listed("childcare", page_size=7, page_token=pages[1].next_page_token)
    assert [record.request_id for page in rest for record in page.records] == names[30:]
    error = await refused(listed("tax", page_token=pages[1].next_page_token))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "page_token")


async def test_more_provisions_than_a_page_holds_wait_for_a_clerk_and_are_all_listed(town: Any) -> None:
    childcare, tax = town.client("childcare"), town.client("tax")
    await tax.set_flags(node_pb2.SetFlagsRequest(local_number="tax-0", auto_response_disabled=True))
    asked = await asyncio.gather(*(childcare.inquire(town.inquiry(0)) for _ in range(PAGE_SIZE + 10)))
    waiting = {result.processing_number for result in asked}
    listed = [provision.processing_number for provision in await tax.pending_provisions()]
    assert len(listed) == len(set(listed)) == PAGE_SIZE + 10
    assert set(listed) == waiting
    await asyncio.gather(*(tax.decide_provision(each, node_pb2.CLERK_DECISION_REFUSE) for each in listed[:PAGE_SIZE]))
    assert [each.processing_number async for each in tax.pending_provisions()] == listed[PAGE_SIZE:]

    def blocking() -> list[str]:
        with BlockingNodeClient(town.connection("tax", "tax/business")) as node:
            return [provision.processing_number for provision in node.pending_provisions()]

    assert await asyncio.to_thread(blocking) == listed[PAGE_SIZE:]
