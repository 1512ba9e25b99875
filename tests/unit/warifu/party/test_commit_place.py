"""Where a group is committed: the loop stands still for a slow disk once or twice, and then ever more rarely."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from warifu.party.commit_place import LARGE_GROUP, LOOKED_AGAIN, SLOW_SECONDS, CommitPlace
from warifu.party.database import Database

QUICK, SLOW = SLOW_SECONDS / 2, SLOW_SECONDS * 2
TABLE = ("CREATE TABLE written (number INTEGER PRIMARY KEY)",)


def on_the_loop(place: CommitPlace, groups: int, seconds: float) -> int:
    """How many of so many groups were committed on the loop, when each takes so long there."""
    here = 0
    for _ in range(groups):
        if place.is_loop(LARGE_GROUP):
            here += 1
            place.took(seconds)
    return here


def test_a_quick_disk_is_waited_for_on_the_loop() -> None:
    assert on_the_loop(CommitPlace(), 1000, QUICK) == 1000


def test_while_a_small_group_is_committed_others_may_come() -> None:
    place = CommitPlace()
    assert not any(place.is_loop(records) for records in range(1, LARGE_GROUP))


def test_one_slow_commit_among_many_changes_nothing() -> None:
    place = CommitPlace()
    for _ in range(10):  # as when the write-ahead log is copied into the file
        assert on_the_loop(place, 1, SLOW) == 1
        assert on_the_loop(place, 100, QUICK) == 100


def test_of_a_disk_that_stays_slow_the_loop_waits_for_ever_less() -> None:
    place = CommitPlace()
    assert on_the_loop(place, 2, SLOW) == 2
    for times in range(6):
        assert on_the_loop(place, LOOKED_AGAIN << times, SLOW) == 0
        assert on_the_loop(place, 1, SLOW) == 1
    assert on_the_loop(place, 100_000, SLOW) <= 100_000 / (LOOKED_AGAIN << 6) + 1


def test_a_disk_that_is_quick_again_is_waited_for_on_the_loop_again() -> None:
    place = CommitPlace()
    on_the_loop(place, 2, SLOW)
    assert on_the_loop(place, LOOKED_AGAIN, QUICK) == 0
    assert on_the_loop(place, 1000, QUICK) == 1000
    on_the_loop(place, 2, SLOW)  # and being slow once more is no worse than the first time
    assert on_the_loop(place, LOOKED_AGAIN, QUICK) == 0
    assert on_the_loop(place, 1, QUICK) == 1


def insert(connection: sqlite3.Connection) -> int:
    """One record more."""
    return connection.execute("INSERT INTO written DEFAULT VALUES").rowcount


class Clock:
    """Says that every commit between two looks took ``each`` seconds."""

    def __init__(self) -> None:
        self.now = self.each = 0.0

    def __call__(self) -> float:
        self.now += self.each
        return self.now


@pytest.fixture
def committed_by() -> Counter[int]:
    """The threads that committed, and how many groups."""
    return Counter()


@pytest.fixture
def written(tmp_path: Path, committed_by: Counter[int]) -> Callable[[Clock], Database]:
    """A database whose commits are told."""

    def opened(clock: Clock) -> Database:
        database = Database(tmp_path / "party.sqlite3", TABLE, seconds=clock)

        def seen(statement: str) -> None:
            if statement == "COMMIT":
                committed_by[threading.get_ident()] += 1

        database._engine.connection.set_trace_callback(seen)
        return database

    return opened


async def test_a_database_on_a_slow_disk_commits_on_a_thread_and_loses_nothing(
    written: Callable[[Clock], Database], committed_by: Counter[int]
) -> None:
    clock, loop_thread = Clock(), threading.get_ident()
    database = written(clock)

    async def write(groups: int, size: int = LARGE_GROUP) -> None:
        for _ in range(groups):
            await asyncio.gather(*(database.write(insert) for _ in range(size)))

    await write(5)
    assert committed_by == {loop_thread: 5}
    await write(1, LARGE_GROUP - 1)
    assert committed_by.pop(loop_thread) == 5
    assert list(committed_by.values()) == [1]
    clock.each = SLOW
    await write(2 + LOOKED_AGAIN)
    assert committed_by.pop(loop_thread) == 2
    assert list(committed_by.values()) == [1 + LOOKED_AGAIN]
    records = LARGE_GROUP * (7 + LOOKED_AGAIN) + LARGE_GROUP - 1
    assert database.reader.execute("SELECT count(*) FROM written").fetchone() == (records,)
    database.close()
