"""A party's keys and its database belong together, and a database gives none of its keys away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.database import Database
from warifu.party.key_check import KEY_CHECK_TABLE, check_keys

KEYS = {"row.key": bytes(range(32)), "storage.key": bytes(range(32, 64))}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "party.sqlite3", (KEY_CHECK_TABLE,))
    yield opened
    opened.close()


def kept(database: Database) -> list[bytes]:
    return [value for (value,) in database.reader.execute("SELECT * FROM key_check")]


def test_the_keys_a_database_was_begun_with_are_taken_every_time(database: Database) -> None:
    for _ in range(3):
        check_keys(database, KEYS)
    assert len(kept(database)) == 2


@pytest.mark.parametrize("name", KEYS)
def test_another_key_is_refused_by_its_file_and_changes_nothing(database: Database, name: str) -> None:
    check_keys(database, KEYS)
    before = kept(database)
    with pytest.raises(WarifuError) as refused:
        check_keys(database, {**KEYS, name: bytes(32)})
    assert refused.value.reason is Reason.KEY_INVALID
    assert refused.value.where.startswith(f"{name}: ")
    assert kept(database) == before


def test_two_keys_in_each_others_files_are_refused(database: Database) -> None:
    check_keys(database, KEYS)
    with pytest.raises(WarifuError) as refused:
        check_keys(database, dict(zip(KEYS, reversed(KEYS.values()), strict=True)))
    assert refused.value.where.startswith("row.key: ")


def test_what_is_kept_shows_no_key_and_is_no_other_partys(database: Database, tmp_path: Path) -> None:
    check_keys(database, KEYS)
    other = Database(tmp_path / "other.sqlite3", (KEY_CHECK_TABLE,))
    check_keys(other, {name: bytes(reversed(key)) for name, key in KEYS.items()})
    assert not set(kept(database)) & {*kept(other), *KEYS.values()}
    other.close()


async def test_what_is_written_at_once_is_on_disk_before_a_group_that_waits(database: Database) -> None:
    later = database.write(lambda connection: connection.execute("INSERT INTO key_check VALUES (x'01')").rowcount)
    database.write_now(lambda connection: connection.execute("INSERT INTO key_check VALUES (x'02')").rowcount)
    assert b"\x02" in kept(database)
    assert await later == 1


def test_what_fails_at_once_is_undone(database: Database) -> None:
    def faulty(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO key_check VALUES (x'01')")
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(faulty)
    assert kept(database) == []
