"""What every store of the hub keeps to, run over each; and what only a file can show."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.party.database import Database
from warifu.tlog.tiled_tree import HashTile
from warifu_hub.store import ExchangePositions, ExchangeState, HubStore, StoredExchange
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.store_memory import MemoryHubStore

TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")
LOCAL_TAX, HOUSEHOLD = ItemCode("TM00000000000002"), ItemCode("TM00000000000001")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubStore]:
    kept: HubStore
    match request.param:
        case "memory":
            kept = MemoryHubStore()
        case "sqlite":
            kept = DatabaseHubStore(tmp_path / "hub.sqlite3")
        case _:
            kept = DatabaseHubStore(request.getfixturevalue("postgres_address"))
    yield kept
    kept.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept.sqlite3"


def row(number: int = 1, *, permit_ms: int = 1000, inquirer: InstitutionCode = CHILDCARE) -> StoredExchange:
    return StoredExchange(
        inquirer=inquirer,
        request_id=number.to_bytes(16, "big"),
        inquiry_digest=bytes([number % 256]) * 32,
        processing_number=f"20260601{number:012d}",
        permission_row="R01",
        permit_ms=permit_ms,
    )


async def opened(store: HubStore, new: StoredExchange) -> StoredExchange:
    position = await store.open_exchange(new, b"permitted")
    assert position is not None
    return replace(new, permitted_position=position)


async def test_a_new_store_holds_nothing(store: HubStore) -> None:
    assert store.leaf_count() == 0
    assert store.leaves(0, 10) == []
    assert store.published_checkpoint() is None
    assert store.endpoint(TAX) is None
    assert store.withdrawn_assessments() == frozenset()
    assert store.find_exchange(CHILDCARE, bytes(16)) is None


async def test_leaves_are_positioned_from_zero_without_a_gap_and_given_in_order(store: HubStore) -> None:
    positions = [await store.append_leaf(bytes([number])) for number in range(10)]
    assert positions == list(range(10))
    assert store.leaf_count() == 10
    assert store.leaves(3, 4) == [b"\x03", b"\x04", b"\x05", b"\x06"]
    assert store.leaves(8, 100) == [b"\x08", b"\x09"]
    assert store.leaves(10, 5) == store.leaves(99, 5) == store.leaves(0, 0) == []


async def test_leaves_appended_at_once_each_get_a_place_of_their_own(store: HubStore) -> None:
    leaves = [number.to_bytes(2, "big") for number in range(200)]
    positions = await asyncio.gather(*map(store.append_leaf, leaves))
    assert sorted(positions) == list(range(200))
    kept = store.leaves(0, 200)
    assert [kept[position] for position in positions] == leaves


async def test_an_exchange_is_found_under_its_inquirer_and_request_id_only(store: HubStore) -> None:
    new = await opened(store, row())
    assert store.find_exchange(CHILDCARE, new.request_id) == new
    assert store.find_exchange(TAX, new.request_id) is None
    assert store.find_exchange(CHILDCARE, bytes(16)) is None
    other = await opened(store, replace(row(2), inquirer=TAX, request_id=new.request_id))
    assert store.find_exchange(TAX, new.request_id) == other
    assert store.find_exchange(CHILDCARE, new.request_id) == new


async def test_an_exchange_is_opened_with_its_leaf(store: HubStore) -> None:
    await store.append_leaf(b"before")
    new = await opened(store, row())
    assert new.permitted_position == 1
    assert store.leaves(1, 1) == [b"permitted"]


async def test_a_processing_number_that_is_taken_writes_nothing(store: HubStore) -> None:
    await opened(store, row(1))
    taken = replace(row(2), processing_number=row(1).processing_number)
    assert await store.open_exchange(taken, b"permitted") is None
    assert store.leaf_count() == 1
    assert store.find_exchange(CHILDCARE, taken.request_id) is None
    assert await store.open_exchange(row(2), b"permitted") == 1


async def test_an_exchange_is_opened_again_without_a_leaf_and_keeps_all_else(store: HubStore) -> None:
    new, other = await opened(store, row(1)), await opened(store, row(2))
    await store.close_exchange(replace(new, state=ExchangeState.UNASKED, answer=b"sealed"), b"failed")
    await store.reopen_exchange(new)
    assert store.find_exchange(CHILDCARE, new.request_id) == replace(new, answer=b"sealed")
    assert store.find_exchange(CHILDCARE, other.request_id) == other
    assert store.leaves(0, 9) == [b"permitted", b"permitted", b"failed"]


@pytest.mark.parametrize("state", [state for state in ExchangeState if state is not ExchangeState.OPEN])
async def test_an_exchange_is_closed_with_its_leaf(store: HubStore, state: ExchangeState) -> None:
    new = await opened(store, row())
    assert await store.close_exchange(replace(new, state=state, answer=b"sealed"), b"closing") == 1
    assert store.find_exchange(CHILDCARE, new.request_id) == replace(new, state=state, answer=b"sealed")
    assert store.leaves(0, 9) == [b"permitted", b"closing"]


async def test_an_exchange_knows_where_its_leaves_are(store: HubStore) -> None:
    assert store.exchange_positions(CHILDCARE, row().request_id) is None
    await store.append_leaf(b"before")
    new = await opened(store, row())
    assert store.exchange_positions(CHILDCARE, new.request_id) == ExchangePositions(1, -1)
    for position in (2, 3):
        await store.close_exchange(replace(new, state=ExchangeState.FAILED), b"closing")
        assert store.exchange_positions(CHILDCARE, new.request_id) == ExchangePositions(1, position)
    assert store.exchange_positions(TAX, new.request_id) is None


async def test_closing_changes_the_state_and_the_answer_and_nothing_else(store: HubStore) -> None:
    new = await opened(store, row())
    await opened(store, row(2))
    forged = replace(new, processing_number="9" * 20, permit_ms=1, permitted_position=77, state=ExchangeState.PENDING)
    await store.close_exchange(forged, b"closing")
    assert store.find_exchange(CHILDCARE, new.request_id) == replace(new, state=ExchangeState.PENDING)
    assert store.find_exchange(CHILDCARE, row(2).request_id) == replace(row(2), permitted_position=1)


async def test_only_answered_and_refused_are_final() -> None:
    assert {state for state in ExchangeState if state.final} == {ExchangeState.ANSWERED, ExchangeState.REFUSED}


async def test_the_newest_checkpoint_is_kept(store: HubStore) -> None:
    await store.publish_checkpoint(b"first")
    await store.publish_checkpoint(b"second")
    assert store.published_checkpoint() == b"second"


def tile(level: int, number: int, width: int, filled: int = 1) -> HashTile:
    return HashTile(level, number, bytes([filled]) * 32 * width)


async def test_tiles_are_kept_with_the_checkpoint_that_covers_them(store: HubStore) -> None:
    assert (store.tiled_size(), store.tile(0, 0), store.suspected_tile()) == (0, None, None)
    await store.publish_checkpoint(b"first", [tile(0, 0, 256), tile(0, 1, 3), tile(1, 0, 1)])
    assert store.tiled_size() == 259
    assert store.tile(0, 1) == bytes([1]) * 96
    await store.publish_checkpoint(b"second", [tile(0, 1, 4, filled=2)])
    assert (store.tiled_size(), store.tile(0, 1), store.tile(1, 0)) == (260, bytes([2]) * 128, bytes([1]) * 32)
    assert (store.tile(0, 2), store.tile(2, 0), store.tile(-1, 0)) == (None, None, None)


async def test_tiles_are_kept_without_a_checkpoint_by_a_hub_that_starts(store: HubStore) -> None:
    store.put_tiles([tile(1, 9, 7), tile(0, 9, 256), tile(0, 10, 1)])
    assert (store.tiled_size(), store.published_checkpoint()) == (2561, None)
    store.put_tiles([tile(0, 10, 256), tile(0, 11, 255), tile(0, 12, 256)])
    assert store.tiled_size() == 13 * 256


async def test_the_tile_that_is_suspected_is_the_last_one(store: HubStore) -> None:
    await store.suspect_tile(39_000)
    await store.suspect_tile(0)
    assert store.suspected_tile() == 0


async def test_the_newest_endpoint_of_each_institution_is_kept(store: HubStore) -> None:
    await store.put_endpoint(TAX, "127.0.0.1:1")
    await store.put_endpoint(CHILDCARE, "127.0.0.1:2")
    await store.put_endpoint(TAX, "127.0.0.1:3")
    assert (store.endpoint(TAX), store.endpoint(CHILDCARE)) == ("127.0.0.1:3", "127.0.0.1:2")


async def test_an_assessment_is_withdrawn_and_reinstated_with_its_leaf(store: HubStore) -> None:
    assert await store.set_assessment(TAX, LOCAL_TAX, withdrawn=True, leaf=b"w") == 0
    assert await store.set_assessment(TAX, LOCAL_TAX, withdrawn=True, leaf=b"again") == 1
    assert await store.set_assessment(TAX, HOUSEHOLD, withdrawn=True, leaf=b"w2") == 2
    assert store.withdrawn_assessments() == {(TAX, LOCAL_TAX), (TAX, HOUSEHOLD)}
    assert await store.set_assessment(TAX, LOCAL_TAX, withdrawn=False, leaf=b"r") == 3
    assert store.withdrawn_assessments() == {(TAX, HOUSEHOLD)}
    assert await store.set_assessment(CHILDCARE, LOCAL_TAX, withdrawn=False, leaf=b"never was") == 4
    assert store.leaves(0, 9) == [b"w", b"again", b"w2", b"r", b"never was"]


async def test_withdrawn_assessments_are_read_by_institution_and_item_from_any_place_among_them(
    store: HubStore,
) -> None:
    everything = sorted([(TAX, LOCAL_TAX), (CHILDCARE, LOCAL_TAX), (TAX, HOUSEHOLD)])
    for institution, item_code in everything[::-1]:
        await store.set_assessment(institution, item_code, withdrawn=True, leaf=b"w")
    assert store.withdrawn_after(("", ""), 9) == everything
    assert store.withdrawn_after(("", ""), 2) == everything[:2]
    assert store.withdrawn_after(everything[0], 9) == everything[1:]
    assert store.withdrawn_after(everything[2], 9) == []


async def test_old_answers_are_forgotten_and_the_exchanges_and_leaves_stay(store: HubStore) -> None:
    for number, (state, permit_ms) in enumerate(
        [
            (ExchangeState.ANSWERED, 1000),
            (ExchangeState.ANSWERED, 2000),
            (ExchangeState.PENDING, 1000),
            (ExchangeState.REFUSED, 1000),
        ]
    ):
        new = await opened(store, row(number, permit_ms=permit_ms))
        await store.close_exchange(replace(new, state=state, answer=b"sealed"), b"closing")
    assert await store.forget_answers(2000) == 1
    assert await store.forget_answers(2000) == 0
    found = [store.find_exchange(CHILDCARE, row(number).request_id) for number in range(4)]
    assert [each.answer if each else None for each in found] == [b"", b"sealed", b"sealed", b"sealed"]
    assert found[0] is not None
    assert found[0].state is ExchangeState.ANSWERED
    assert store.leaf_count() == 8


async def answered(store: HubStore, *numbers: int) -> None:
    for number in numbers:
        new = await opened(store, row(number))
        await store.close_exchange(replace(new, state=ExchangeState.ANSWERED, answer=b"sealed"), b"closing")


async def steps_to_forget(path: Path, exchanges: int) -> int:
    """How many steps of SQLite's machine it takes to forget five answers beside so many that are forgotten already."""
    store = DatabaseHubStore(path)
    await answered(store, *range(exchanges))
    assert await store.forget_answers(2000) == exchanges
    await answered(store, *range(exchanges, exchanges + 5))
    steps = Counter[str]()
    assert isinstance(store.database, Database)
    store.database._engine.connection.set_progress_handler(lambda: steps.update(["step"]), 1)
    assert await store.forget_answers(2000) == 5
    store.close()
    return steps["step"]


async def test_to_forget_answers_costs_what_there_is_to_forget(tmp_path: Path) -> None:
    few, many = [await steps_to_forget(tmp_path / f"{count}.sqlite3", count) for count in (10, 1000)]
    assert few == many


async def test_exchanges_opened_at_once_are_all_there(store: HubStore) -> None:
    positions = await asyncio.gather(*(store.open_exchange(row(number), b"p") for number in range(100)))
    assert sorted(position for position in positions if position is not None) == list(range(100))
    for number, position in enumerate(positions):
        found = store.find_exchange(CHILDCARE, row(number).request_id)
        assert found is not None
        assert found.permitted_position == position


async def test_everything_is_there_again_after_the_file_was_closed(file: Path) -> None:
    store = DatabaseHubStore(file)
    new = await opened(store, row())
    closed = replace(new, state=ExchangeState.ANSWERED, answer=b"sealed")
    await store.close_exchange(closed, b"closing")
    await store.publish_checkpoint(b"note", [tile(0, 0, 2)])
    await store.suspect_tile(3)
    await store.put_endpoint(TAX, "127.0.0.1:1")
    await store.set_assessment(TAX, LOCAL_TAX, withdrawn=True, leaf=b"w")
    store.close()
    again = DatabaseHubStore(file)
    assert again.find_exchange(CHILDCARE, new.request_id) == closed
    assert again.leaves(0, 9) == [b"permitted", b"closing", b"w"]
    assert again.published_checkpoint() == b"note"
    assert (again.tiled_size(), again.tile(0, 0), again.suspected_tile()) == (2, bytes([1]) * 64, 3)
    assert again.endpoint(TAX) == "127.0.0.1:1"
    assert again.withdrawn_assessments() == {(TAX, LOCAL_TAX)}
    assert await again.append_leaf(b"next") == 3
    again.close()


async def test_exchanges_at_the_same_time_share_disk_syncs(file: Path) -> None:
    store = DatabaseHubStore(file)
    before = store.database.groups_committed
    await asyncio.gather(*(store.open_exchange(row(number), b"p") for number in range(256)))
    assert store.database.mutations_committed >= 256
    assert store.database.groups_committed - before < 64
    store.close()


async def test_a_full_disk_leaves_neither_exchange_nor_leaf(file: Path) -> None:
    store = DatabaseHubStore(file)
    kept = await opened(store, row(1))
    assert isinstance(store.database, Database)
    writer = store.database._engine.connection
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count={pages}")
    large = b"x" * 20_000
    answered = replace(kept, state=ExchangeState.ANSWERED, answer=large)
    for write in (
        store.append_leaf(large),
        store.open_exchange(row(2), large),
        store.close_exchange(answered, b"closing"),
        store.close_exchange(replace(answered, answer=b""), large),
        store.set_assessment(TAX, LOCAL_TAX, withdrawn=True, leaf=large),
        store.publish_checkpoint(large, [tile(0, 0, 1)]),
        store.publish_checkpoint(b"small", [tile(0, 0, 256), tile(0, 1, 256), tile(0, 2, 256)]),
        store.put_endpoint(TAX, "h" * 20_000),
    ):
        with pytest.raises(WarifuError) as refused:
            await write
        assert refused.value.reason is Reason.LOG_UNAVAILABLE
    assert store.leaves(0, 9) == [b"permitted"]
    assert store.find_exchange(CHILDCARE, row(1).request_id) == kept
    assert store.find_exchange(CHILDCARE, row(2).request_id) is None
    assert store.withdrawn_assessments() == frozenset()
    assert store.published_checkpoint() is None
    assert store.tiled_size() == 0
    assert store.endpoint(TAX) is None
    writer.execute("PRAGMA max_page_count=100000")
    assert await store.open_exchange(row(2), large) == 1
    store.close()


def test_no_table_has_a_column_for_a_person(file: Path) -> None:
    DatabaseHubStore(file).close()
    connection = sqlite3.connect(file)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {column[1] for table in tables for column in connection.execute(f"PRAGMA table_info({table})")}
    connection.close()
    assert columns == {
        "position",
        "leaf",
        "inquirer",
        "request_id",
        "inquiry_digest",
        "processing_number",
        "permission_row",
        "ended_position",
        "permit_ms",
        "state",
        "answer",
        "permitted_position",
        "institution",
        "endpoint",
        "item_code",
        "only",
        "signed_note",
        "version",
        "header",
        "provided",
        "slot",
        "number",
        "level",
        "hashes",
    }
