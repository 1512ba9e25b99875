"""The contract of a node's store, over every implementation."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from warifu.agency import Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeOutcome,
    ExchangeRecord,
    ExchangeSide,
    KeptInquiry,
    KeptProvision,
    NodeStore,
    Person,
    PersonFlags,
    expired_before,
)
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.store_memory import MemoryNodeStore

ITEM = ItemCode("TM00000000000002")
OWN, PEER = InstitutionCode("9030110020000001"), InstitutionCode("9020110020000001")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NodeStore]:
    """An empty store of each kind."""
    made: NodeStore
    match request.param:
        case "memory":
            made = MemoryNodeStore()
        case "sqlite":
            made = DatabaseNodeStore(tmp_path / "node.sqlite3")
        case _:
            made = DatabaseNodeStore(request.getfixturevalue("postgres_address"))
    yield made
    made.close()


def person(number: str = "A-1", row: bytes = b"r" * 16, **changes: Any) -> Person:
    values: dict[str, Any] = {"local_number": number, "row_key": row, "sealed_code": b"sealed", "code_epoch": 1}
    return Person(**{**values, **changes})


def replica(year: int = 2026, record: bytes = b"record", item: ItemCode = ITEM) -> Replica:
    start, end = date(2026, 6, 1), date(2027, 5, 31)
    return Replica(item_code=item, fiscal_year=year, publication_start=start, publication_end=end, record=record)


def record(request_id: bytes = b"q" * 16, side: ExchangeSide = ExchangeSide.INQUIRER, **changes: Any) -> ExchangeRecord:
    asking, asked = (OWN, PEER) if side is ExchangeSide.INQUIRER else (PEER, OWN)
    values: dict[str, Any] = {
        "side": side,
        "request_id": request_id,
        "inquirer": asking,
        "provider": asked,
        "procedure_code": ProcedureCode("JT99000000000001"),
        "item_code": ITEM,
        "requested_ms": 1_000,
        "inquiry_digest": b"d" * 32,
        "non_disclosure": False,
    }
    return ExchangeRecord(**{**values, **changes})


def inquiry(request_id: bytes = b"q" * 16, changed_ms: int = 1_000, **changes: Any) -> KeptInquiry:
    return KeptInquiry(
        record=record(request_id, **changes), content=b"c" * 32, sealed_secrets=b"secrets", changed_ms=changed_ms
    )


def provision(
    request_id: bytes = b"q" * 16, number: str = "1" * 20, changed_ms: int = 1_000, **changes: Any
) -> KeptProvision:
    values: dict[str, Any] = {"outcome": ExchangeOutcome.ANSWERED, "answer_digest": b"a" * 32, "provided_ms": 1_001}
    kept = record(request_id, ExchangeSide.PROVIDER, processing_number=number, **{**values, **changes})
    return KeptProvision(record=kept, answer=b"answer", changed_ms=changed_ms)


async def test_a_person_is_found_by_local_number_and_by_row_key(store: NodeStore) -> None:
    assert await store.add_people([person(), person("A-2", b"s" * 16)]) == [True, True]
    assert store.person("A-1") == person()
    found = store.find_by_row_key(b"s" * 16, ITEM)
    assert found is not None
    assert (found.local_number, found.replicas) == ("A-2", ())
    assert store.person("A-3") is None
    assert store.find_by_row_key(b"t" * 16, ITEM) is None


async def test_acquiring_again_renews_the_code_and_keeps_the_flags(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.set_flags("A-1", PersonFlags.NON_DISCLOSURE)
    assert await store.add_people([person(sealed_code=b"newer", code_epoch=2)]) == [True]
    assert store.person("A-1") == person(sealed_code=b"newer", code_epoch=2, flags=PersonFlags.NON_DISCLOSURE)


async def test_one_code_has_one_local_number_and_the_other_way_round(store: NodeStore) -> None:
    people = [person(), person("A-2"), person(row=b"s" * 16), person("A-3", b"t" * 16)]
    assert await store.add_people(people) == [True, False, False, True]
    assert store.person("A-2") is None
    assert store.person("A-1") == person()


async def test_those_without_a_code_are_told(store: NodeStore) -> None:
    await store.add_people([person(f"A-{n}", n.to_bytes(16, "big")) for n in range(1200)])
    asked = [f"A-{n}" for n in range(0, 2400, 2)]
    assert store.unknown_people(asked) == {f"A-{n}" for n in range(1200, 2400, 2)}
    assert store.unknown_people([]) == set()


async def test_flags_replace_flags(store: NodeStore) -> None:
    await store.add_people([person()])
    assert await store.set_flags("A-1", PersonFlags.AUTO_RESPONSE_DISABLED | PersonFlags.SELF_INFO_BLOCKED)
    assert await store.set_flags("A-1", PersonFlags.NON_DISCLOSURE)
    kept = store.person("A-1")
    assert kept is not None
    assert kept.flags == PersonFlags.NON_DISCLOSURE
    assert not await store.set_flags("A-9", PersonFlags.NONE)


async def test_a_replica_of_the_same_year_is_replaced_and_of_another_added(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.put_replicas([("A-1", replica(2025)), ("A-1", replica(2026, b"first"))])
    await store.put_replicas([("A-1", replica(2026, b"second"))])
    found = store.find_by_row_key(b"r" * 16, ITEM)
    assert found is not None
    assert found.replicas == (replica(2025), replica(2026, b"second"))


async def test_replicas_of_another_item_or_person_are_not_found(store: NodeStore) -> None:
    await store.add_people([person(), person("A-2", b"s" * 16)])
    await store.put_replicas([("A-1", replica(item=ItemCode("TM99000000000001"))), ("A-2", replica())])
    found = store.find_by_row_key(b"r" * 16, ITEM)
    assert found is not None
    assert found.replicas == ()


async def test_an_inquiry_is_kept_as_it_was_begun(store: NodeStore) -> None:
    assert await store.begin_inquiry(inquiry())
    assert store.inquiry(b"q" * 16) == inquiry()
    assert store.inquiry(b"z" * 16) is None
    assert [kept for _, kept in store.records(0, 10)] == [record()]


async def test_a_request_id_begins_one_inquiry_only(store: NodeStore) -> None:
    begun = await asyncio.gather(*(store.begin_inquiry(replace(inquiry(), content=bytes([n]) * 32)) for n in range(5)))
    assert sorted(begun) == [False] * 4 + [True]
    assert len(store.records(0, 10)) == 1


async def test_the_end_of_an_inquiry_replaces_its_record(store: NodeStore) -> None:
    await store.begin_inquiry(inquiry())
    ended = replace(
        inquiry(
            processing_number="2" * 20,
            provided_ms=1_500,
            outcome=ExchangeOutcome.ANSWERED,
            reason=Reason.RECORD_NOT_HELD,
            answer_digest=b"a" * 32,
        ),
        sealed_secrets=b"",
        sealed_result=b"result",
        permitted_position=7,
        changed_ms=1_600,
    )
    await store.put_inquiry(ended)
    assert store.inquiry(b"q" * 16) == ended
    assert [kept for _, kept in store.records(0, 10)] == [ended.record]


async def test_open_inquiries_are_listed_oldest_first(store: NodeStore) -> None:
    names = [bytes([n]) * 16 for n in (3, 1, 2)]
    for name in names:
        await store.begin_inquiry(inquiry(name))
    await store.put_inquiry(inquiry(names[1], outcome=ExchangeOutcome.PENDING))
    assert store.open_inquiries() == [names[0], names[2]]


async def test_a_provision_is_settled_once(store: NodeStore) -> None:
    assert await store.settle_provision(provision()) == provision()
    again = replace(provision(), answer=b"another answer")
    assert await store.settle_provision(again) == provision()
    assert store.provision(PEER, b"q" * 16) == provision()
    assert store.provision(OWN, b"q" * 16) is None


async def test_two_inquirers_may_use_the_same_request_id(store: NodeStore) -> None:
    third = InstitutionCode("9010110020000001")
    await store.settle_provision(provision())
    await store.settle_provision(provision(number="2" * 20, inquirer=third))
    assert store.provision(third, b"q" * 16) is not None
    assert len(store.records(0, 10)) == 2


async def test_a_processing_number_belongs_to_one_inquiry(store: NodeStore) -> None:
    await store.settle_provision(provision())
    with pytest.raises(WarifuError) as refused:
        await store.settle_provision(provision(b"p" * 16))
    assert refused.value.reason is Reason.PERMIT_REUSED
    assert store.provision(PEER, b"p" * 16) is None


async def test_the_inquirers_own_record_does_not_take_a_processing_number(store: NodeStore) -> None:
    await store.begin_inquiry(inquiry())
    await store.put_inquiry(inquiry(processing_number="1" * 20))
    await store.settle_provision(provision())
    assert len(store.records(0, 10)) == 2


async def test_a_pending_provision_waits_for_a_clerk_and_then_ends(store: NodeStore) -> None:
    waiting = replace(
        provision(outcome=ExchangeOutcome.PENDING, provided_ms=None), sealed_person=b"who", answer=b"pending"
    )
    await store.settle_provision(waiting)
    assert store.pending_provisions(0, 10) == [(1, waiting)]
    assert await store.decide("1" * 20, ClerkDecision.RELEASE)
    assert [kept.decision for _, kept in store.pending_provisions(0, 10)] == [ClerkDecision.RELEASE]
    decided = store.provision(PEER, b"q" * 16)
    assert decided == replace(waiting, decision=ClerkDecision.RELEASE)
    ended = replace(provision(), decision=ClerkDecision.RELEASE, answer=b"released")
    assert await store.settle_provision(ended) == ended
    assert store.provision(PEER, b"q" * 16) == ended
    assert not await store.decide("1" * 20, ClerkDecision.REFUSE)
    assert store.pending_provisions(0, 10) == []
    assert len(store.records(0, 10)) == 1


async def test_an_answer_made_under_a_decision_that_was_changed_meanwhile_is_not_stored(store: NodeStore) -> None:
    await store.settle_provision(provision(outcome=ExchangeOutcome.PENDING))
    await store.decide("1" * 20, ClerkDecision.RELEASE)
    released = replace(provision(), decision=ClerkDecision.RELEASE, answer=b"released")
    await store.decide("1" * 20, ClerkDecision.REFUSE)
    stored = await store.settle_provision(released)
    assert (stored.record.outcome, stored.decision) == (ExchangeOutcome.PENDING, ClerkDecision.REFUSE)
    assert store.provision(PEER, b"q" * 16) == stored


async def test_a_second_pending_answer_does_not_replace_the_first(store: NodeStore) -> None:
    waiting = provision(outcome=ExchangeOutcome.PENDING)
    await store.settle_provision(waiting)
    assert await store.settle_provision(replace(waiting, answer=b"other")) == waiting


async def test_pending_provisions_are_listed_oldest_first(store: NodeStore) -> None:
    names = [bytes([n]) * 16 for n in (3, 1, 2)]
    for place, name in enumerate(names):
        await store.settle_provision(provision(name, str(place) * 20, outcome=ExchangeOutcome.PENDING))
    await store.begin_inquiry(inquiry())
    listed = store.pending_provisions(0, 10)
    assert [kept.record.request_id for _, kept in listed] == names
    assert store.pending_provisions(0, 2) == listed[:2]
    assert store.pending_provisions(listed[1][0], 2) == listed[2:]
    assert store.pending_provisions(listed[2][0], 2) == []


async def test_a_decision_needs_something_pending(store: NodeStore) -> None:
    assert not await store.decide("1" * 20, ClerkDecision.RELEASE)
    await store.settle_provision(provision())
    assert not await store.decide("1" * 20, ClerkDecision.RELEASE)


async def test_misses_are_counted_per_inquirer(store: NodeStore) -> None:
    assert store.misses(PEER) == 0
    await store.settle_provision(provision(b"a" * 16, "1" * 20), missed=True)
    await store.settle_provision(provision(b"b" * 16, "2" * 20), missed=True)
    await store.settle_provision(provision(b"c" * 16, "3" * 20))
    await store.settle_provision(provision(b"a" * 16, "1" * 20), missed=True)
    assert (store.misses(PEER), store.misses(OWN)) == (2, 0)


async def test_records_are_listed_in_the_order_written_and_in_pieces(store: NodeStore) -> None:
    for n in range(7):
        await store.begin_inquiry(inquiry(bytes([9 - n]) * 16))
    await store.put_inquiry(inquiry(bytes([9]) * 16, outcome=ExchangeOutcome.FAILED))
    listed: list[ExchangeRecord] = []
    after = 0
    while piece := store.records(after, 3):
        assert len(piece) <= 3
        after = piece[-1][0]
        listed += [kept for _, kept in piece]
    assert [kept.request_id[0] for kept in listed] == [9, 8, 7, 6, 5, 4, 3]


async def test_only_what_has_ended_and_is_old_is_pruned(store: NodeStore) -> None:
    outcomes = list(ExchangeOutcome)
    for n, outcome in enumerate(outcomes):
        await store.begin_inquiry(inquiry(bytes([n]) * 16))
        await store.put_inquiry(replace(inquiry(bytes([n]) * 16, outcome=outcome), changed_ms=1_000))
        await store.settle_provision(provision(bytes([n]) * 16, str(n) * 20, outcome=outcome))
    await store.purge(requested_before_ms=0, changed_before_ms=1_000)
    assert all(store.inquiry(bytes([n]) * 16) for n in range(len(outcomes)))
    await store.purge(requested_before_ms=0, changed_before_ms=1_001)
    left = {outcome for n, outcome in enumerate(outcomes) if store.inquiry(bytes([n]) * 16)}
    assert left == {ExchangeOutcome.OPEN, ExchangeOutcome.PENDING}
    for n, outcome in enumerate(outcomes):
        kept = store.provision(PEER, bytes([n]) * 16)
        assert kept is not None
        assert bool(kept.answer) is (outcome in left)
    assert len(store.records(0, 100)) == 2 * len(outcomes)


async def test_a_pruned_inquiry_still_holds_its_request_id(store: NodeStore) -> None:
    await store.begin_inquiry(inquiry())
    await store.put_inquiry(inquiry(outcome=ExchangeOutcome.ANSWERED))
    await store.purge(requested_before_ms=0, changed_before_ms=9_999)
    assert store.inquiry(b"q" * 16) is None
    assert not await store.begin_inquiry(inquiry())


async def test_records_go_when_their_seven_years_are_over(store: NodeStore) -> None:
    await store.begin_inquiry(inquiry(b"a" * 16, requested_ms=999))
    await store.begin_inquiry(inquiry(b"b" * 16, requested_ms=1_000))
    await store.settle_provision(provision(b"a" * 16, requested_ms=999))
    await store.purge(requested_before_ms=1_000, changed_before_ms=0)
    assert [kept.request_id for _, kept in store.records(0, 10)] == [b"b" * 16]
    assert store.inquiry(b"a" * 16) is None
    assert store.provision(PEER, b"a" * 16) is None


@pytest.mark.parametrize(
    ("now", "bound"),
    [
        ("2033-06-15T03:00:00", "2026-06-15T03:00:00"),
        ("2032-02-29T00:00:00", "2025-02-28T00:00:00"),
        ("2033-01-01T00:00:00", "2026-01-01T00:00:00"),
    ],
)
def test_records_are_kept_seven_calendar_years(now: str, bound: str) -> None:
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, bound))
    assert expired_before(moment) == int(expected.timestamp() * 1000)


async def test_a_file_is_read_again_as_it_was_left(tmp_path: Path) -> None:
    first = DatabaseNodeStore(tmp_path / "node.sqlite3")
    await first.add_people([person()])
    await first.put_replicas([("A-1", replica())])
    await first.begin_inquiry(inquiry())
    await first.settle_provision(provision(number="3" * 20))
    first.close()
    second = DatabaseNodeStore(tmp_path / "node.sqlite3")
    assert second.person("A-1") == person()
    assert second.inquiry(b"q" * 16) == inquiry()
    assert second.provision(PEER, b"q" * 16) == provision(number="3" * 20)
    second.close()


async def test_a_disk_that_refuses_is_told_as_such(tmp_path: Path) -> None:
    store = DatabaseNodeStore(tmp_path / "node.sqlite3")
    (pages,) = store.database.reader.execute("PRAGMA page_count").fetchone()
    await store.database.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    with pytest.raises(WarifuError) as refused:
        await store.put_replicas([(f"A-{n}", replica(record=b"x" * 4000)) for n in range(20)])
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    assert "x" * 20 not in refused.value.debug
    store.close()


def test_the_schema_has_no_column_for_a_my_number_or_a_plain_code(tmp_path: Path) -> None:
    DatabaseNodeStore(tmp_path / "node.sqlite3").close()
    with sqlite3.connect(tmp_path / "node.sqlite3") as connection:
        (schema,) = connection.execute("SELECT group_concat(sql) FROM sqlite_master").fetchone()
    connection.close()
    assert "my_number" not in schema
    assert "sealed_code" in schema
    assert " code " not in schema


async def test_printing_what_is_kept_shows_nothing_personal() -> None:
    shown = repr(person("SECRET-1", sealed_code=b"SECRET-2")) + repr(replace(inquiry(), sealed_secrets=b"SECRET-3"))
    assert "SECRET" not in shown + repr(replace(provision(), sealed_person=b"SECRET-4"))
