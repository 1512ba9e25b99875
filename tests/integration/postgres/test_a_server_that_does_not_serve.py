"""A server that is there and does not serve: it hangs, is slow, takes no writes, has no room. Told by name; nothing is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.postgres.server import PostgresServer

from warifu.errors import Reason, WarifuError
from warifu.party.postgres import session
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.database import PostgresDatabase

SCHEMA = ("CREATE TABLE kept (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID",)


def insert(number: int, size: int = 0) -> Callable[[Any], int]:
    def mutation(connection: Any) -> int:
        return int(connection.execute("INSERT INTO kept VALUES (?, ?)", (number, os.urandom(size))).rowcount)

    return mutation


def numbers(database: PostgresDatabase) -> list[int]:
    return [number for (number,) in database.reader.execute("SELECT number FROM kept ORDER BY number")]


async def refused(written: Any) -> str:
    """Where, once it is the store's reason."""
    with pytest.raises(WarifuError) as told:
        await written
    assert told.value.reason is Reason.STORE_UNAVAILABLE
    return told.value.where


@pytest.fixture
def database(postgres_address: PostgresAddress) -> Iterator[PostgresDatabase]:
    opened = PostgresDatabase(postgres_address, SCHEMA)
    yield opened
    opened.close()


async def test_a_server_that_hangs_is_told_of_and_those_who_ask_meanwhile_are_not_kept_waiting(
    database: PostgresDatabase, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "REST_SECONDS", 3_600.0)
    await database.write(insert(1))
    reading, writing = (
        int((each.execute("SELECT pg_backend_pid()").fetchone() or (0,))[0])
        for each in (database._reading, database._session)
    )
    for each in (database._reading, database._session):
        assert each._connection is not None
        each._connection._config = each._connection._config._replace(command_timeout=0.2)
    with postgres.stopped(reading), postgres.stopped(writing):
        for _ in range(20):  # but for the first each would take two seconds to connect, at least
            assert "the server does not answer" in await refused(database.write(insert(2)))
            with pytest.raises(WarifuError, match="the server does not answer"):
                numbers(database)
    for each in (database._reading, database._session):
        each._rests_until = 0.0
    assert await database.is_owned()
    async with asyncio.timeout(20):
        while await is_refused(database.write(insert(3))):  # its former session has to end first
            pass
    assert numbers(database) == [1, 3]


async def is_refused(written: Any) -> bool:
    try:
        await written
    except WarifuError:
        return True
    return False


async def test_a_server_that_takes_no_writes_is_told_of_and_read_all_the_same(database: PostgresDatabase) -> None:
    await database.write(insert(1))
    database._session.execute("SET default_transaction_read_only = on")
    assert "the server takes no writes" in await refused(database.write(insert(2)))
    assert numbers(database) == [1]
    database._session.execute("SET default_transaction_read_only = off")
    await database.write(insert(3))
    assert numbers(database) == [1, 3]


@asynccontextmanager
async def slow_way(to: Path, folder: Path, seconds: float) -> AsyncIterator[None]:
    """In ``folder`` a socket that leads to the one in ``to``, but each word takes so long."""
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while word := await reader.read(65_536):
            await asyncio.sleep(seconds)
            writer.write(word)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(to / ".s.PGSQL.5432")
        for way in (carry(reader, back), carry(there, writer)):
            task = asyncio.ensure_future(way)
            carrying.add(task)
            task.add_done_callback(carrying.discard)

    async with await asyncio.start_unix_server(meet, folder / ".s.PGSQL.5432"):
        yield
        await asyncio.gather(*carrying, return_exceptions=True)


async def test_a_slow_server_keeps_no_event_loop_and_what_comes_meanwhile_shares_its_transactions(
    postgres: PostgresServer, short_folder: Path
) -> None:
    async with slow_way(Path(postgres.address.partition("host=")[2]), short_folder, 0.02):
        address = PostgresAddress.parse(f"postgresql://warifu@/postgres?host={short_folder}", schema="slow")
        database = await asyncio.to_thread(PostgresDatabase, address, SCHEMA)
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        turning = asyncio.create_task(turn())
        first = database.write(insert(0))
        await asyncio.sleep(0)
        await asyncio.gather(first, *(database.write(insert(number)) for number in range(1, 60)))
        turning.cancel()
        assert database.mutations_committed == 60
        assert database.groups_committed <= 3
        assert turns > 60, "others had their turns while the server was waited for"
        await asyncio.to_thread(database.close)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with so short a name that a socket's path in it is no longer than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="pw-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def little_disk(postgres: PostgresServer, short_folder: Path) -> Iterator[Path]:
    """A disk of a few mebibytes that the server may write to."""
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", short_folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("only root makes a small disk, and not everywhere")
    shutil.chown(short_folder, "postgres", "postgres")
    yield short_folder
    subprocess.run(["umount", "--lazy", short_folder], check=True)


async def test_a_server_whose_disk_is_full_is_told_of_and_goes_on_when_there_is_room(
    database: PostgresDatabase, little_disk: Path
) -> None:
    operator, table = database._session, f"{database._address.schema}.kept"
    operator.execute(f"CREATE TABLESPACE little LOCATION '{little_disk}'")
    try:
        operator.execute(f"ALTER TABLE {table} SET TABLESPACE little")
        operator.execute(f"ALTER TABLE {table} ALTER COLUMN bytes SET STORAGE PLAIN")
        kept = 0
        while not await is_refused(database.write(insert(kept, 7_000))):
            kept += 1
        assert "the server's disk is full" in await refused(database.write(insert(kept, 7_000)))
        assert numbers(database) == list(range(kept))
        operator.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
        await database.write(insert(kept, 7_000))
        assert numbers(database) == list(range(kept + 1))
    finally:
        operator.execute(f"DROP TABLE IF EXISTS {table}")
        operator.execute("DROP TABLESPACE little")
