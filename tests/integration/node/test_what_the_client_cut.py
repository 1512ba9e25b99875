"""A long list is cut into messages on the way to a node; what comes back speaks of the list, as its owner has it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.client.asynchronous import AuthorityClient
from warifu.client.blocking import BlockingNodeClient
from warifu.client.connection import Connection
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ResidentRecordCode
from warifu.rpc.server import TYPED_MESSAGE_LIMIT
from warifu.rpc.status import translated

Refused = Callable[[Awaitable[Any]], Awaitable[WarifuError]]

COUNT, BAD = 600, 512


def replicas(town: Any, bad: int | None = None, **changes: Any) -> list[node_pb2.Replica]:
    """Records of two people over many years; the one at ``bad`` has something wrong with it."""

    def one(place: int) -> node_pb2.Replica:
        year = 2000 + place // 2
        record = LocalTaxRecord(fiscal_year=year, total_income_yen=place).SerializeToString()
        values = {"fiscal_year": year, "record": record, **(changes if place == bad else {})}
        replica: node_pb2.Replica = town.tax_replica(place % 2, **values)
        return replica

    return [one(place) for place in range(COUNT)]


def stored(town: Any) -> int:
    """How many replicas are in the tax office's file."""
    other = sqlite3.connect(town.path / "tax" / "node.sqlite3")
    (count,) = other.execute("SELECT COUNT(*) FROM replica").fetchone()
    other.close()
    return int(count)


def blocking(town: Any, act: Callable[[BlockingNodeClient], Any]) -> Awaitable[Any]:
    """Something done with the blocking client, on a thread: the node is in this process."""

    def acted() -> Any:
        with BlockingNodeClient(town.connection("tax", "tax/business")) as node:
            return act(node)

    return asyncio.to_thread(acted)


@pytest.mark.parametrize("client", ["asynchronous", "blocking"])
@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"local_number": "T-NOBODY"}, Reason.CODE_NOT_ACQUIRED, ".local_number"),
        ({"local_number": ""}, Reason.REQUEST_MALFORMED, ".local_number"),
        ({"record": b"\xff"}, Reason.REQUEST_MALFORMED, ".record"),
        ({"item_code": "TM00000000000001"}, Reason.ITEM_UNKNOWN, ".item_code"),
    ],
)
async def test_a_bad_replica_is_told_by_its_place_in_the_list_and_what_came_before_it_is_stored(
    town: Any, refused: Refused, client: str, changes: dict[str, Any], reason: Reason, field: str
) -> None:
    rows = replicas(town, BAD, **changes)
    if client == "asynchronous":
        error = await refused(town.client("tax").register_replicas(rows))
    else:
        error = await refused(blocking(town, lambda node: node.register_replicas(rows)))
    assert (error.reason, error.where, error.done) == (reason, f"replicas[{BAD}]{field}", 500)
    assert stored(town) == 500
    assert await town.client("tax").register_replicas(replicas(town)) == stored(town) == COUNT


@pytest.mark.parametrize("client", ["asynchronous", "blocking"])
async def test_a_bad_person_is_told_by_the_place_in_the_list_and_how_many_were_answered(
    town: Any, refused: Refused, client: str
) -> None:
    people = [node_pb2.PersonToAcquire(local_number=f"L{place}", my_number="1") for place in range(COUNT)]
    people[BAD].local_number = "9" * 65
    results: list[str] = []

    async def acquire() -> None:
        async for result in town.client("tax").acquire_codes(people):
            results.append(result.local_number)  # noqa: PERF401  # what came before the fault is wanted

    asked = acquire() if client == "asynchronous" else blocking(town, lambda node: node.acquire_codes(people))
    error = await refused(asked)
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, f"people[{BAD}].local_number")
    assert error.done == 500
    if client == "asynchronous":
        assert results == [f"L{place}" for place in range(500)]


async def test_a_stream_of_a_callers_own_making_is_located_over_all_its_messages(town: Any, refused: Refused) -> None:
    rows = replicas(town, BAD, local_number="T-NOBODY")

    def requests() -> Iterator[node_pb2.RegisterReplicasRequest]:
        for first in range(0, COUNT, 200):
            yield node_pb2.RegisterReplicasRequest(replicas=rows[first : first + 200])

    async def register() -> None:
        with translated({}):
            await town.client("tax")._peer.stub(NodeServiceStub).RegisterReplicas(requests())

    error = await refused(register())
    assert (error.reason, error.where, error.done) == (Reason.CODE_NOT_ACQUIRED, f"replicas[{BAD}].local_number", 400)
    assert stored(town) == 400


async def test_records_that_are_large_together_go_in_as_many_messages_as_they_need(town: Any) -> None:
    rows = replicas(town)[:250]
    for row in rows:
        row.record *= 60_000 // len(row.record)  # a message after itself is that message: the fields it has come last
    assert sum(row.ByteSize() for row in rows) > 3 * TYPED_MESSAGE_LIMIT
    assert await town.client("tax").register_replicas(rows) == 250


@pytest.mark.parametrize("client", ["asynchronous", "blocking"])
async def test_one_record_that_no_message_can_carry_is_refused_before_anything_is_stored(
    town: Any, refused: Refused, client: str
) -> None:
    before = stored(town)
    rows = replicas(town, BAD, record=bytes(TYPED_MESSAGE_LIMIT))
    if client == "asynchronous":
        error = await refused(town.client("tax").register_replicas(rows))
    else:
        error = await refused(blocking(town, lambda node: node.register_replicas(rows)))
    assert (error.reason, error.where, error.done) == (Reason.REQUEST_TOO_LARGE, f"replicas[{BAD}]", 0)
    assert stored(town) == before


async def test_a_node_that_goes_away_half_way_leaves_the_caller_knowing_what_is_surely_stored(
    town: Any, refused: Refused
) -> None:
    rows, client = replicas(town), town.client("tax")
    stopping: list[asyncio.Task[None]] = []

    def read() -> Iterator[node_pb2.Replica]:
        for place, row in enumerate(rows):
            if place == 300:
                stopping.append(asyncio.create_task(town.stop_node("tax")))
            yield row

    error = await refused(client.register_replicas(read()))
    await asyncio.gather(*stopping)
    assert error.reason in (Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT, Reason.NOT_CONNECTED)
    assert error.done is not None
    assert error.done <= stored(town)
    assert error.done % 250 == 0


async def test_numbers_are_designated_for_any_number_of_residents_and_a_bad_code_is_told_by_its_place(
    town: Any, refused: Refused
) -> None:
    codes = [ResidentRecordCode.from_body(f"{place:010d}").digits for place in range(1_203)]
    business = town.path / "residence" / "business"
    way = Connection(
        endpoint=town.authority_endpoint,
        expect=town.folder("authority").identity(),
        certificate=business / "tls.pem",
        private_key=business / "tls.key",
        root_certificate=town.path / "residence" / "root.pem",
    )
    async with AuthorityClient(way) as authority:
        bad = [*codes[:1_201], "1", *codes[1_202:]]
        error = await refused(authority.designate_my_numbers(bad))
        assert (error.where, error.done) == ("resident_record_codes[1201]", 1_000)
        numbers = await authority.designate_my_numbers(codes)
        assert len(set(numbers)) == len(codes)
        assert await authority.designate_my_numbers(codes[1_000:]) == numbers[1_000:]
        assert await authority.designate_my_numbers([]) == []
