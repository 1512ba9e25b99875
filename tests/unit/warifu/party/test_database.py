"""One party's SQLite file: what was acknowledged is on disk, what failed is not, and nobody pays for another's fault."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
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


@pytest.fixture
async def held(database: Database) -> AsyncIterator[Callable[[], None]]:
    """Keeps the writer busy until called, so that what is written meanwhile gathers."""
    go_on = threading.Event()
    holding = database.write(lambda connection: go_on.wait(10), bulk=True)
    yield go_on.set
    go_on.set()
    await holding


async def test_a_write_is_in_the_file_when_it_returns(database: Database, path: Path) -> None:
    assert await database.write(noting("a")) == 1
    assert notes(path) == {"a"}
    assert database.reader.execute("SELECT text FROM note").fetchall() == [("a",)]


def test_every_commit_is_synced_to_disk(database: Database) -> None:
    for connection in (database._engine.connection, database.reader):
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


async def test_writes_that_wait_together_share_one_commit(database: Database, held: Callable[[], None]) -> None:
    writes = [database.write(noting(str(number))) for number in range(100)]
    waiting = asyncio.gather(*writes)
    await asyncio.sleep(0)
    before = database.groups_committed
    held()
    await waiting
    assert database.mutations_committed == 101
    assert database.groups_committed - before <= 3, "the one held, and the hundred in one group or two"


async def test_writes_made_in_one_round_of_the_event_loop_share_one_commit(database: Database) -> None:
    async def call(number: int) -> int:
        return await database.write(noting(str(number)))

    assert await asyncio.gather(*map(call, range(16))) == [1] * 16
    assert (database.groups_committed, database.mutations_committed) == (1, 16)


async def test_a_lone_write_after_a_lone_write_waits_for_nobody(database: Database) -> None:
    for number in range(20):
        await database.write(noting(str(number)))
    assert database.groups_committed == database.mutations_committed == 20


async def test_writes_take_effect_in_the_order_they_were_made(database: Database, held: Callable[[], None]) -> None:
    waiting = asyncio.gather(*(database.write(noting(f"{number:03}")) for number in range(50)))
    await asyncio.sleep(0)
    held()
    await waiting
    found = database.reader.execute("SELECT text FROM note ORDER BY rowid").fetchall()
    assert found == [(f"{number:03}",) for number in range(50)]


async def test_one_failing_write_harms_no_other_in_its_group(
    database: Database, held: Callable[[], None], path: Path
) -> None:
    def faulty(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO note VALUES ('half-written')")
        raise LookupError

    writes: list[Mutation[object]] = [noting("a"), faulty, noting("a"), noting("b")]
    waiting = asyncio.gather(*map(database.write, writes), return_exceptions=True)
    await asyncio.sleep(0)
    held()
    ended = await waiting
    assert [type(end) for end in ended] == [int, LookupError, sqlite3.IntegrityError, int]
    assert notes(path) == {"a", "b"}


async def test_what_a_write_raises_reaches_its_caller_unchanged(database: Database) -> None:
    refusal = WarifuError(Reason.PERMIT_REUSED)

    def refuse(_: sqlite3.Connection) -> None:
        raise refusal

    with pytest.raises(WarifuError) as raised:
        await database.write(refuse)
    assert raised.value is refusal


async def test_leaving_a_write_does_not_undo_it(database: Database, held: Callable[[], None], path: Path) -> None:
    left = database.write(noting("left"))
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    held()
    await database.write(noting("after"))
    assert notes(path) == {"left", "after"}


async def test_a_full_disk_is_told_by_its_reason_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite3"
    database = Database(path, NOTES, unavailable=Reason.LOG_UNAVAILABLE)
    (pages,) = database._engine.connection.execute("PRAGMA page_count").fetchone()
    database._engine.connection.execute(f"PRAGMA max_page_count={pages + 3}")

    def large(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO note VALUES ('before')")
        connection.execute("INSERT INTO note VALUES (?)", ("x" * 100_000,))

    with pytest.raises(WarifuError) as refused:
        await database.write(large)
    assert (refused.value.reason, refused.value.where) == (Reason.LOG_UNAVAILABLE, "hub.sqlite3")
    assert "x" not in refused.value.debug
    assert await database.write(noting("small")) == 1, "what fits is still written"
    database._engine.connection.execute("PRAGMA max_page_count=1000")
    await database.write(large)
    assert len(notes(path)) == 3
    database.close()


# argv: file, words. Writes a row at a time and says on standard output which are acknowledged.
WRITER = """
import asyncio, resource, sys
from pathlib import Path
from warifu.party.database import Database
from warifu.errors import WarifuError

def say(*words): print(*words, flush=True)

def noting(text): return lambda connection: connection.execute("INSERT INTO note VALUES (?)", (text,)).rowcount

async def fill(database):
    "Until the disk is full; then make room, and go on."
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    for number in range(10_000):
        text = f"{number:06}" + "x" * 1000
        try:
            await database.write(noting(text))
        except WarifuError as error:
            say("refused", text)
            say(error.reason.value)
            break
        say("written", text)
    for again in range(3):
        try:
            await database.write(noting(f"again{again}"))
            say("written", f"again{again}")
        except WarifuError as error:
            say("refused", f"again{again}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await database.write(noting("room"))
    say("written", "room")

async def for_ever(database):
    number = 0
    while True:
        batch = [f"{number + n:08}" for n in range(8)]
        number += 8
        await asyncio.gather(*(database.write(noting(text)) for text in batch))
        for text in batch:
            say("written", text)

database = Database(Path(sys.argv[1]), ("CREATE TABLE note (text TEXT NOT NULL UNIQUE);",))
asyncio.run({"fill": fill, "for_ever": for_ever}[sys.argv[2]](database))
database.close()
"""


def test_a_disk_that_refuses_and_then_takes_writes_again_loses_nothing_acknowledged(path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WRITER, str(path), "fill"], capture_output=True, text=True, check=True, timeout=60
    )
    said = [line.split() for line in ended.stdout.splitlines()]
    assert ["STORE_UNAVAILABLE"] in said
    assert said[-1] == ["written", "room"]
    assert notes(path) == {words[1] for words in said if words[0] == "written"}
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_killed_process_keeps_every_acknowledged_write(path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(path), "for_ever"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = "".join(writer.stdout.readline() for _ in range(200))
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.read()
    acknowledged = {line.split()[1] for line in said.splitlines(keepends=True) if line.endswith("\n")}
    found = notes(path)
    assert len(acknowledged) >= 200
    assert acknowledged <= found
    database = Database(path, NOTES)
    write_once(database, "next")
    database.close()
    assert notes(path) == found | {"next"}


def test_a_file_of_a_newer_schema_is_refused_and_left_as_it_is(path: Path) -> None:
    Database(path, (*NOTES, "CREATE TABLE more (x);")).close()
    with pytest.raises(WarifuError) as refused:
        Database(path, NOTES)
    assert (refused.value.reason, refused.value.where) == (Reason.STORE_UNAVAILABLE, "party.sqlite3")
    assert "newer" in refused.value.debug
    Database(path, (*NOTES, "CREATE TABLE more (x);")).close()


def test_only_the_migrations_a_file_has_not_seen_are_run(path: Path) -> None:
    Database(path, NOTES).close()
    added = "ALTER TABLE note ADD COLUMN author TEXT;"
    for _ in range(2):
        database = Database(path, (*NOTES, added))
        assert database.reader.execute("PRAGMA user_version").fetchone() == (2,)
        database.close()


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    Database(path, NOTES).close()
    with pytest.raises(WarifuError) as refused:
        Database(path, (*NOTES, "CREATE TABLE other (x); CREATE TABLE note (x);"))
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name='other'").fetchone() is None
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


@pytest.mark.parametrize("reason", [Reason.STORE_UNAVAILABLE, Reason.LOG_UNAVAILABLE])
def test_what_is_no_database_is_refused_by_its_name(path: Path, reason: Reason) -> None:
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(WarifuError) as refused:
        Database(path, NOTES, unavailable=reason)
    assert (refused.value.reason, refused.value.where) == (reason, "party.sqlite3")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as refused:
        Database(tmp_path / "nowhere" / "party.sqlite3", NOTES)
    assert refused.value.reason is Reason.STORE_UNAVAILABLE


def test_a_damaged_file_is_told_as_the_stores_failure(path: Path) -> None:
    Database(path, NOTES).close()
    content = bytearray(path.read_bytes())
    content[4096 : 2 * 4096] = b"\xff" * 4096
    path.write_bytes(content)
    database = Database(path, NOTES)
    with pytest.raises(WarifuError) as refused:
        write_once(database, "a")
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    database.close()


async def test_closing_finishes_what_is_queued_and_may_be_done_twice(database: Database, path: Path) -> None:
    queued = [database.write(noting(str(number))) for number in range(30)]
    database.close()
    database.close()
    assert len(notes(path)) == 30
    assert await asyncio.gather(*queued) == [1] * 30


async def leave_writes(database: Database, hold: threading.Event) -> None:
    database.write(lambda _: hold.wait(10), bulk=True)
    database.write(noting("left"))


def test_a_write_whose_event_loop_has_gone_stands(database: Database, path: Path) -> None:
    go_on = threading.Event()
    asyncio.run(leave_writes(database, go_on))
    go_on.set()
    database.close()
    assert notes(path) == {"left"}


def test_another_event_loop_goes_on_where_one_ended(database: Database, path: Path) -> None:
    go_on = threading.Event()
    asyncio.run(leave_writes(database, go_on))
    go_on.set()
    write_once(database, "next")
    assert notes(path) == {"left", "next"}


def test_a_write_that_had_not_begun_when_its_event_loop_ended_is_made_by_the_next(
    database: Database, path: Path
) -> None:
    goes_no_further = asyncio.new_event_loop()
    asyncio.events._set_running_loop(goes_no_further)
    try:
        database.write(noting("left"))
    finally:
        asyncio.events._set_running_loop(None)
        goes_no_further.close()
    write_once(database, "next")
    assert notes(path) == {"left", "next"}


async def test_a_write_is_under_way_before_anybody_waits_for_it(database: Database, path: Path) -> None:
    written = database.write(noting("a"))
    await asyncio.wait([written])
    assert notes(path) == {"a"}


async def test_a_bulk_write_does_not_stop_the_event_loop(database: Database) -> None:
    go_on = threading.Event()
    bulk = database.write(lambda _: go_on.wait(10), bulk=True)
    go_on.set()
    assert await bulk is True, "false would be that nobody could set it within ten seconds"


async def test_a_closed_store_takes_no_more_writes(database: Database) -> None:
    database.close()
    with pytest.raises(WarifuError) as refused:
        await database.write(noting("late"))
    assert refused.value.reason is Reason.STORE_UNAVAILABLE


def test_a_file_in_use_is_refused_and_free_again_once_closed(tmp_path: Path) -> None:
    path = tmp_path / "party.sqlite3"
    first = Database(path, NOTES)
    with pytest.raises(WarifuError) as refused:
        Database(path, NOTES)
    assert "in use by another process" in refused.value.where
    first.close()
    Database(path, NOTES).close()


def test_a_disk_without_locks_is_named_as_such_and_not_as_a_file_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr("warifu.party.claim.fcntl.flock", flock)
    with pytest.raises(WarifuError) as refused:
        Database(tmp_path / "party.sqlite3", NOTES)
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    assert refused.value.where.startswith("party.sqlite3: the file system cannot lock files")


# argv: file. Holds a write lock on it, as a database tool would, until it is told to let go.
