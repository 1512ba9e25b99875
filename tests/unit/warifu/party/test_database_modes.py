"""One party's SQLite file, and what SQLite makes beside it: readable by its owner alone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from warifu.party.database import Database

TABLE = ("CREATE TABLE note (text TEXT NOT NULL UNIQUE);",)


def write_once(database: Database) -> None:
    async def write() -> None:
        await database.write(lambda connection: connection.execute("INSERT INTO note VALUES ('kept')").rowcount)

    asyncio.run(write())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "party.sqlite3"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_file_and_those_beside_it_are_their_owners_alone_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        opened = Database(path, TABLE)
        write_once(opened)
    finally:
        os.umask(before)
    beside = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    opened.close()
    assert beside == {f"{path.name}{more}": 0o600 for more in ("", "-wal", "-shm", ".lock")}


def test_a_file_that_others_could_read_is_closed_to_them_when_it_is_opened(path: Path) -> None:
    Database(path, TABLE).close()
    path.chmod(0o666)
    opened = Database(path, TABLE)
    write_once(opened)
    opened.close()
    assert path.stat().st_mode & 0o777 == 0o600
