"""Copies of several files are of one moment, whole, and taken while others write."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.snapshot import check_database, one_moment


def made(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE step (number INTEGER PRIMARY KEY, filling BLOB)")
        connection.commit()
    return path


def last_step(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (last,) = connection.execute("SELECT coalesce(max(number), 0) FROM step").fetchone()
        return int(last)


@contextmanager
def written_in_turn(*paths: Path) -> Iterator[None]:
    """Write each step to the first file, and when that is durable to the next, and so on, for ever."""
    enough, steps = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        connections = [sqlite3.connect(path, timeout=30, isolation_level=None) for path in paths]
        for connection in connections:
            connection.execute("PRAGMA synchronous=OFF")  # durable or not, the order is what counts here
        number = 0
        while not enough.is_set():
            number += 1
            for connection in connections:
                connection.execute("INSERT INTO step VALUES (?, zeroblob(500))", (number,))
            steps.release()
            time.sleep(0)  # others want the interpreter too
        for connection in connections:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            steps.acquire()
        yield
    finally:
        enough.set()
        writer.join()


@pytest.mark.parametrize("from_cause", [True, False], ids=["cause first", "effect first"])
def test_no_copy_holds_what_came_of_something_that_another_copy_lacks(tmp_path: Path, from_cause: bool) -> None:
    files = [made(tmp_path / f"{number}.sqlite3") for number in range(12)]
    with written_in_turn(*files):
        for _ in range(4):
            with one_moment(files if from_cause else files[::-1]) as snapshots:
                for snapshot in snapshots:
                    snapshot.write_to(snapshot.path.with_suffix(".copy"))
            steps = [last_step(file.with_suffix(".copy")) for file in files]
            assert steps == sorted(steps, reverse=True), "an effect without its cause"
            assert steps[0] - steps[-1] <= 1
            for file in files:
                file.with_suffix(".copy").unlink()


def test_a_copy_stays_as_it_was_at_the_moment_though_it_is_written_later(tmp_path: Path) -> None:
    file = made(tmp_path / "kept.sqlite3")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("INSERT INTO step VALUES (1, x'')")
        with one_moment([file]) as (snapshot,):
            writer.execute("INSERT INTO step VALUES (2, x'')")
            assert snapshot.write_to(tmp_path / "copy") == {"step": 1}
    assert last_step(tmp_path / "copy") == 1
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy"], "one file, with nothing beside it"


def test_progress_tells_every_page_once(tmp_path: Path) -> None:
    file = made(tmp_path / "kept.sqlite3")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("INSERT INTO step VALUES (1, zeroblob(5000000))")
    told: list[int] = []
    with one_moment([file]) as (snapshot,):
        snapshot.write_to(tmp_path / "copy", told.append)
    assert len(told) > 1
    assert sum(told) == snapshot.pages


def test_a_file_that_somebody_keeps_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warifu.party.snapshot._TRIES", 2)
    monkeypatch.setattr("warifu.party.snapshot._HELD_AT_MOST_S", 0.01)
    free, kept = made(tmp_path / "free.sqlite3"), made(tmp_path / "kept.sqlite3")
    with closing(sqlite3.connect(kept, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WarifuError) as refused, one_moment([free, kept]):
            pass
        assert refused.value.reason is Reason.STORE_UNAVAILABLE
        assert "kept.sqlite3" in refused.value.where
    with closing(sqlite3.connect(free, isolation_level=None, timeout=0)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # what was locked first was let go


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as refused, one_moment([tmp_path / "none.sqlite3"]):
        pass
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoilt", [b"", b"not a database at all, but long enough to be looked at", None])
def test_what_is_no_whole_database_is_refused(tmp_path: Path, spoilt: bytes | None) -> None:
    file = made(tmp_path / "kept.sqlite3")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.executemany("INSERT INTO step VALUES (?, zeroblob(3000))", [(number,) for number in range(50)])
        writer.execute("PRAGMA journal_mode=DELETE")
    check_database(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if spoilt is None else spoilt or whole[:100])
    with pytest.raises(WarifuError) as refused:
        check_database(file)
    assert refused.value.reason is Reason.FILE_INVALID
