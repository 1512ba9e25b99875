"""What a party's database on a PostgreSQL server promises, shown on a real one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.postgres.server import PostgresServer

from warifu.errors import Reason, WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.database import PostgresDatabase

SCHEMA = ("CREATE TABLE kept (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID",)


@pytest.fixture
def database(postgres_address: PostgresAddress) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_address, SCHEMA)
    yield opened
    opened.close()


def insert(number: int, content: bytes = b"") -> Callable[[Any], int]:
    def mutation(connection: Any) -> int:
        return int(connection.execute("INSERT INTO kept VALUES (?, ?)", (number, content)).rowcount)

    return mutation


def numbers(database: PostgresDatabase) -> list[int]:
    return [number for (number,) in database.reader.execute("SELECT number FROM kept ORDER BY number")]


async def test_what_was_written_is_read_and_is_there_when_it_is_opened_again(
    database: PostgresDatabase, postgres_address: PostgresAddress
) -> None:
    assert database.began_empty
    assert await database.write(insert(1, b"\x00?'\xff")) == 1
    assert database.reader.execute("SELECT bytes FROM kept WHERE number = ?", (1,)).fetchone() == (b"\x00?'\xff",)
    database.close()
    again = PostgresDatabase(postgres_address, SCHEMA)
    assert not again.began_empty
    assert numbers(again) == [1]
    again.close()


async def test_writes_that_come_together_share_a_transaction(database: PostgresDatabase) -> None:
    await asyncio.gather(*(database.write(insert(number)) for number in range(40)))
    assert numbers(database) == list(range(40))
    assert (database.groups_committed, database.mutations_committed) == (1, 40)


async def test_one_that_fails_harms_no_other_of_its_group(database: PostgresDatabase) -> None:
    def broken(connection: Any) -> None:
        connection.execute("INSERT INTO kept VALUES (?, ?)", (100, b""))
        raise ValueError("not this one")

    outcomes = await asyncio.gather(
        database.write(insert(1)), database.write(broken), database.write(insert(2)), return_exceptions=True
    )
    assert outcomes[0] == outcomes[2] == 1
    assert isinstance(outcomes[1], ValueError)
    assert numbers(database) == [1, 2]


async def test_what_a_rule_of_the_schema_forbids_is_the_mutations_own_fault_as_in_a_file_and_names_no_value(
    database: PostgresDatabase,
) -> None:
    outcomes = await asyncio.gather(*(database.write(insert(7, b"secret")) for _ in range(3)), return_exceptions=True)
    assert outcomes[0] == 1
    assert {type(each) for each in outcomes[1:]} == {sqlite3.IntegrityError}
    assert {str(each) for each in outcomes[1:]} == {"UniqueViolationError"}
    with pytest.raises(sqlite3.IntegrityError):
        await database.write(lambda connection: connection.executemany("INSERT INTO kept VALUES (?, ?)", [(7, b"")]))
    assert numbers(database) == [7]


async def test_whether_it_is_owned_costs_nothing_while_it_is_written_to_and_one_statement_when_not(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    execute = database._session.execute

    def heard(sql: str) -> Any:
        said.append(sql)
        return execute(sql)

    monkeypatch.setattr(database._session, "execute", heard)
    await database.write(lambda _: None)
    assert await database.is_owned()
    assert said == []
    assert await database.is_owned()
    assert said == ["SELECT 1"]


async def test_a_second_process_does_not_own_what_another_owns(
    database: PostgresDatabase, postgres_address: PostgresAddress
) -> None:
    with pytest.raises(WarifuError, match="in use by another process") as refused:
        PostgresDatabase(postgres_address, SCHEMA)
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    await database.write(insert(1))


async def test_a_server_that_is_killed_is_told_as_the_stores_reason_and_found_again(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    await database.write(insert(1))
    postgres.kill()
    for _ in range(2):
        with pytest.raises(WarifuError) as told:
            await database.write(insert(2))
        assert told.value.reason is Reason.STORE_UNAVAILABLE
    with pytest.raises(WarifuError):
        numbers(database)
    postgres.start()
    await database.write(insert(3))
    assert numbers(database) == [1, 3]


async def test_a_server_killed_under_load_keeps_all_that_was_acknowledged_and_half_of_nothing(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    acknowledged: list[int] = []

    def pair(number: int) -> Callable[[Any], None]:
        def mutation(connection: Any) -> None:
            insert(2 * number)(connection)
            insert(2 * number + 1)(connection)

        return mutation

    async def write(number: int) -> None:
        await database.write(pair(number))
        acknowledged.append(number)

    writing = [asyncio.create_task(write(number)) for number in range(3_000)]
    while len(acknowledged) < 600:  # noqa: ASYNC110  # the writes go on meanwhile
        await asyncio.sleep(0)
    await asyncio.to_thread(postgres.kill)
    await asyncio.wait(writing)
    assert 600 <= len(acknowledged) < 3_000
    for each in writing:
        each.exception()
    postgres.start()
    await database.write(insert(1_000_000))
    kept = set(numbers(database))
    assert {2 * number for number in acknowledged} <= kept
    assert all((number ^ 1) in kept for number in kept - {1_000_000})


async def test_whoever_owned_it_before_another_did_does_not_go_on(
    database: PostgresDatabase, postgres_address: PostgresAddress, postgres: PostgresServer
) -> None:
    await database.write(insert(1))
    postgres.kill()
    postgres.start()
    other = PostgresDatabase(postgres_address, SCHEMA)  # came first, while the lock was free
    await other.write(insert(2))
    with pytest.raises(WarifuError):
        await database.write(insert(3))
    other.close()
    with pytest.raises(WarifuError, match="took over"):
        await database.write(insert(3))
    assert not await database.is_owned()
    check = PostgresDatabase(postgres_address, SCHEMA)
    assert numbers(check) == [1, 2]
    check.close()
