"""A node whose clock is off, in a network whose clocks are right."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.clock import ManualClock, SystemClock
from warifu.errors import Reason
from warifu.party.folder import PartyFolder
from warifu_services.node.app import Node, build_node

Begin = Callable[[int], Awaitable[Any]]


@pytest.fixture
async def begin(town: Any, calls: Any, tmp_path: Path) -> AsyncIterator[Begin]:
    """Begin a copy of the child allowance office's node, so many minutes off; a stub for its business system."""
    folder, nodes = tmp_path / "childcare", list[Node]()
    shutil.copytree(town.path / "childcare", folder, ignore=shutil.ignore_patterns("node.sqlite3*", "party.log"))
    source, target = sqlite3.connect(town.path / "childcare" / "node.sqlite3"), sqlite3.connect(folder / "node.sqlite3")
    source.backup(target)
    source.close()
    target.close()

    async def started(minutes: int) -> Any:
        clock = ManualClock(SystemClock().now() + timedelta(minutes=minutes))
        hub, authority = town.endpoints["hub"], town.endpoints["authority"]
        node = build_node(PartyFolder(folder), hub=hub, authority=authority, clock=clock)
        nodes.append(node)
        await node.start()
        there = replace(town, endpoints={"childcare": node.endpoint})
        return NodeServiceStub(calls.to(there, "childcare", caller="childcare/business"))

    yield started
    for node in nodes:
        await node.close()


def inquiry(town: Any) -> node_pb2.Inquiry:
    planned = town.plan.procedures[0]
    case = next(case for case in planned.cases if not case.clerk_needed)
    provider, item_code = case.questions[0]
    return node_pb2.Inquiry(
        request_id=b"a clock that is!",
        local_number=case.local_number,
        procedure_code=planned.procedure_code,
        provider=town.institution(provider),
        item_code=item_code,
    )


@pytest.mark.parametrize("minutes", [10, -20])
async def test_an_inquirer_whose_clock_is_off_is_told_so_and_has_it_on_record(
    town: Any, calls: Any, begin: Begin, log_of: Any, minutes: int
) -> None:
    stub = await begin(minutes)
    asked = inquiry(town)
    error = await calls.failed(stub.Inquire(node_pb2.InquireRequest(inquiry=asked), timeout=10))
    assert (error.reason, error.definite) == (Reason.CLOCK_SKEWED, True)
    records = [
        record
        async for chunk in stub.ListExchangeRecords(node_pb2.ListExchangeRecordsRequest(), timeout=10)
        for record in chunk.records
    ]
    assert (records[-1].request_id, records[-1].reason) == (asked.request_id, "CLOCK_SKEWED")


async def test_a_clock_a_minute_off_is_no_fault(town: Any, begin: Begin) -> None:
    stub = await begin(1)
    response = await stub.Inquire(node_pb2.InquireRequest(inquiry=inquiry(town)), timeout=10)
    assert response.result.state == node_pb2.INQUIRY_STATE_ANSWERED
