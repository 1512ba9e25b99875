"""A file that somebody else locks, and a file that is damaged."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.database import Database, Mutation

NOTES = ("CREATE TABLE note (text TEXT NOT NULL UNIQUE);",)


def noting(text: str) -> Mutation[int]:
    return lambda connection: connection.execute("INSERT INTO note VALUES (?)", (text,)).rowcount


def notes(path: Path) -> set[str]:
    """What anybody else who opens the file finds in it."""
    connection = sqlite3.connect(path)
    try:
        return {text for (text,) in connection.execute("SELECT text FROM note")}
    finally:
        connection.close()


def write_once(database: Database, text: str) -> None:
    async def write() -> None:
        await database.write(noting(text))

    asyncio.run(write())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "party.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, NOTES)
    yield opened
    opened.close()


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
print("free", flush=True)
"""


@pytest.fixture
def locked(database: Database, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes to the party's file until it is sent a line."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n", timeout=10)


async def test_a_file_that_another_process_locks_stops_no_event_loop_and_is_written_once_it_is_free(
    database: Database, path: Path, locked: subprocess.Popen[str]
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    writes = [database.write(noting(str(number))) for number in range(20)]
    await asyncio.sleep(0)
    assert database.reader.execute("SELECT count(*) FROM note").fetchone() == (0,)
    assert loop.time() - began < 2, "nobody waited for the lock on the event loop"
    assert not any(write.done() for write in writes)
    let_go(locked)
    assert await asyncio.gather(*writes) == [1] * 20
    assert len(notes(path)) == 20


async def test_a_file_that_stays_locked_fails_all_who_wait_at_once_and_takes_writes_again(
    database: Database, path: Path, locked: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warifu.party.file_engine._LOCK_MS", 300)
    loop = asyncio.get_running_loop()
    began = loop.time()
    writes = [database.write(noting(str(number))) for number in range(20)]
    ended = await asyncio.gather(*writes, return_exceptions=True)
    assert {(error.reason, error.where) for error in ended if isinstance(error, WarifuError)} == {
        (Reason.STORE_UNAVAILABLE, "party.sqlite3")
    }
    assert not any(isinstance(end, int) for end in ended)
    assert loop.time() - began < 3, "twenty did not wait one after the other"
    let_go(locked)
    assert await database.write(noting("after")) == 1
    assert notes(path) == {"after"}


def damaged(path: Path) -> Database:
    """A party's file whose first pages are as they were and whose rows are not."""
    whole = Database(path, NOTES, unavailable=Reason.LOG_UNAVAILABLE)
    whole._engine.connection.executemany("INSERT INTO note VALUES (?)", [(f"{n:05}" + "x" * 500,) for n in range(200)])
    whole.close()
    content = bytearray(path.read_bytes())
    content[5 * 4096 :] = b"\xff" * (len(content) - 5 * 4096)
    path.write_bytes(content)
    return Database(path, NOTES, unavailable=Reason.LOG_UNAVAILABLE)


READS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "all rows": lambda reader: reader.execute("SELECT text FROM note").fetchall(),
    "row by row": lambda reader: list(reader.execute("SELECT text FROM note")),
    "one row": lambda reader: reader.execute("SELECT max(text || 'x') FROM note").fetchone(),
    "a query": lambda reader: reader.execute("SELECT text FROM gone"),
}


@pytest.mark.parametrize("read", READS)
def test_a_read_of_a_damaged_file_is_told_as_the_stores_failure_by_its_name(path: Path, read: str) -> None:
    database = damaged(path)
    with pytest.raises(WarifuError) as refused:
        READS[read](database.reader)
    assert (refused.value.reason, refused.value.where) == (Reason.LOG_UNAVAILABLE, "party.sqlite3")
    database.close()
