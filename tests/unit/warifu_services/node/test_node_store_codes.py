"""Codes of several epochs in a node's store, over every implementation: both find a person, and nobody is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from warifu.identifiers import ItemCode
from warifu_services.node.store import NodeStore, Person, PersonFlags
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.store_memory import MemoryNodeStore
from warifu_services.node.store_rows import MIGRATIONS

ITEM = ItemCode("TM00000000000002")


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


def row(number: str, epoch: int) -> bytes:
    return f"{number}/{epoch}".encode().ljust(16, b".")


def person(number: str = "A", epoch: int = 1, **changes: Any) -> Person:
    values: dict[str, Any] = {
        "local_number": number,
        "row_key": row(number, epoch),
        "sealed_code": f"code {number} {epoch}".encode(),
        "code_epoch": epoch,
    }
    return Person(**{**values, **changes})


def holder(store: NodeStore, row_key: bytes) -> str | None:
    found = store.find_by_row_key(row_key, ITEM)
    return found.local_number if found else None


async def test_both_codes_find_a_person_until_they_are_settled(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.set_flags("A", PersonFlags.NON_DISCLOSURE)
    assert await store.add_rotated([person(epoch=2)]) == 1
    assert (holder(store, row("A", 1)), holder(store, row("A", 2))) == ("A", "A")
    assert store.code_epochs() == {1: 1, 2: 1}
    assert store.person("A") == person(flags=PersonFlags.NON_DISCLOSURE)
    beside = store.rotated("A", 2)
    assert beside is not None
    assert (beside.row_key, beside.sealed_code, beside.code_epoch) == (row("A", 2), b"code A 2", 2)
    assert await store.settle_codes(2, 10) == 1
    assert (holder(store, row("A", 1)), holder(store, row("A", 2))) == (None, "A")
    assert store.person("A") == person(epoch=2, flags=PersonFlags.NON_DISCLOSURE)
    assert store.rotated("A", 2) is None
    assert store.code_epochs() == {2: 1}


async def test_flags_and_replicas_are_the_persons_whichever_code_finds_them(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.add_rotated([person(epoch=2)])
    await store.set_flags("A", PersonFlags.AUTO_RESPONSE_DISABLED)
    for epoch in (1, 2):
        found = store.find_by_row_key(row("A", epoch), ITEM)
        assert found is not None
        assert found.flags == PersonFlags.AUTO_RESPONSE_DISABLED
        assert found == store.find_by_local_number("A", ITEM)
    assert store.find_by_local_number("B", ITEM) is None


async def test_people_behind_are_those_without_a_code_of_that_epoch_or_a_later_one(store: NodeStore) -> None:
    await store.add_people([person("A"), person("B"), person("C", 2), person("D")])
    await store.add_rotated([person("B", 2), person("D", 3)])
    assert [each.local_number for each in store.people_behind(2, 10)] == ["A"]
    assert store.people_behind(2, 10) == [person("A")]
    assert {each.local_number for each in store.people_behind(3, 10)} == {"A", "B", "C"}
    assert len(store.people_behind(3, 2)) == 2
    assert store.people_behind(1, 10) == []


async def test_a_person_acquired_in_the_meantime_is_behind_until_rotated_too(store: NodeStore) -> None:
    await store.add_people([person("A")])
    await store.add_rotated([person("A", 2)])
    assert store.people_behind(2, 10) == []
    assert await store.add_people([person("B"), person("C", 2)]) == [True, True]
    assert [each.local_number for each in store.people_behind(2, 10)] == ["B"]


async def test_the_same_codes_again_change_nothing(store: NodeStore) -> None:
    await store.add_people([person()])
    assert await store.add_rotated([person(epoch=2), person(epoch=2)]) == 1
    assert await store.add_rotated([person(epoch=2, sealed_code=b"other", row_key=row("X", 2))]) == 0
    beside = store.rotated("A", 2)
    assert beside is not None
    assert beside.sealed_code == b"code A 2"
    assert holder(store, row("X", 2)) is None


async def test_a_code_that_is_somebody_elses_is_passed_over_and_settles_nobody(store: NodeStore) -> None:
    await store.add_people([person("A"), person("B"), person("C", 2)])
    assert await store.add_rotated([person("A", 2), person("B", 2, row_key=row("A", 2))]) == 1
    assert await store.add_rotated([person("B", 2, row_key=row("C", 2))]) == 0
    assert [each.local_number for each in store.people_behind(2, 10)] == ["B"]
    assert await store.settle_codes(2, 10) == 1
    assert {name: holder(store, row(name, 2)) for name in "ABC"} == {"A": "A", "B": None, "C": "C"}
    assert store.person("B") == person("B")


async def test_a_person_acquired_again_is_the_same_by_either_code(store: NodeStore) -> None:
    await store.add_people([person("A"), person("B")])
    await store.add_rotated([person("A", 2), person("B", 2)])
    assert await store.add_people([person("A", 2), person("A", 1)]) == [True, True]
    assert await store.add_people([person("A", 2, row_key=row("B", 2)), person("B", 1, row_key=row("A", 2))]) == [
        False,
        False,
    ]
    assert await store.add_people([person("C", 2, row_key=row("A", 2)), person("C", 1, row_key=row("A", 1))]) == [
        False,
        False,
    ]
    assert store.person("C") is None
    assert store.person("A") == person("A")
    await store.settle_codes(2, 10)
    assert await store.add_people([person("A", 2), person("A", 1)]) == [True, False]


async def test_codes_settle_a_few_people_at_a_time(store: NodeStore) -> None:
    names = [f"A-{n}" for n in range(7)]
    await store.add_people([person(name) for name in names])
    await store.add_rotated([person(name, 2) for name in names])
    assert [await store.settle_codes(2, 3) for _ in range(4)] == [3, 3, 1, 0]
    assert store.code_epochs() == {2: 7}
    assert [holder(store, row(name, 2)) for name in names] == names


async def test_settling_keeps_a_code_that_is_made_ready_for_the_epoch_after(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.add_rotated([person(epoch=2), person(epoch=3)])
    assert await store.settle_codes(2, 10) == 1
    assert [holder(store, row("A", epoch)) for epoch in (1, 2, 3)] == [None, "A", "A"]
    assert await store.settle_codes(3, 10) == 1
    assert [holder(store, row("A", epoch)) for epoch in (1, 2, 3)] == [None, None, "A"]


async def test_settling_an_epoch_drops_the_codes_of_those_in_between(store: NodeStore) -> None:
    await store.add_people([person()])
    await store.add_rotated([person(epoch=2), person(epoch=3)])
    assert await store.settle_codes(3, 10) == 1
    assert [holder(store, row("A", epoch)) for epoch in (1, 2, 3)] == [None, None, "A"]
    assert store.code_epochs() == {3: 1}


async def test_who_has_no_code_of_the_epoch_keeps_the_one_there_is(store: NodeStore) -> None:
    await store.add_people([person("A"), person("B")])
    await store.add_rotated([person("A", 2)])
    assert await store.settle_codes(2, 10) == 1
    assert holder(store, row("B", 1)) == "B"
    assert [each.local_number for each in store.people_behind(2, 10)] == ["B"]


async def test_looking_for_people_behind_reads_an_index_and_not_everybody(tmp_path: Path) -> None:
    store = DatabaseNodeStore(tmp_path / "node.sqlite3")
    from warifu_services.node.store_database import _BEHIND

    plan = [row[3] for row in store.database.reader.execute(f"EXPLAIN QUERY PLAN {_BEHIND}", (2, 1))]
    store.close()
    assert len(plan) == 1
    assert "USING INDEX person_by_newest_epoch" in plan[0]


async def test_a_file_from_before_knows_after_the_migration_who_is_behind(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "node.sqlite3")
    for script in MIGRATIONS[:3]:
        connection.executescript(script)
    connection.execute("PRAGMA user_version=3")
    for each in (person("A"), person("B"), person("C", 2)):
        connection.execute(
            "INSERT INTO person VALUES (?, ?, ?, ?, 0)",
            (each.row_key, each.local_number, each.sealed_code, each.code_epoch),
        )
    connection.execute("INSERT INTO rotated_code VALUES (?, 'B', x'00', 2)", (row("B", 2),))
    connection.commit()
    connection.close()
    store = DatabaseNodeStore(tmp_path / "node.sqlite3")
    assert [each.local_number for each in store.people_behind(2, 10)] == ["A"]
    store.close()
