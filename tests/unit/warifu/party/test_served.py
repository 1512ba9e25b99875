"""What a party's folder remembers of the last time it served."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind, Alarms
from warifu.party.database import Database
from warifu.party.served import SERVED_FILE, Served, note_serving, what_differs

HERE, THERE = "127.0.0.1:7400", "127.0.0.1:7411"
START = datetime(2026, 6, 1, tzinfo=UTC)


def kinds(folder: Path, endpoint: str, *, began_empty: bool) -> set[AlarmKind]:
    """What is amiss with a party that starts now."""
    alarms = Alarms("tax", folder, ManualClock(START))
    note_serving(alarms, endpoint, began_empty=began_empty)
    return {alarm.kind for alarm in alarms.standing()}


def test_a_party_without_a_past_is_well_wherever_it_listens_and_however_empty() -> None:
    assert list(what_differs(None, HERE, began_empty=True)) == []


def test_a_party_that_goes_on_as_it_was_is_well(tmp_path: Path) -> None:
    assert kinds(tmp_path, HERE, began_empty=True) == set()
    assert kinds(tmp_path, HERE, began_empty=False) == set()


def test_a_listener_that_moved_is_said_until_the_next_start_there(tmp_path: Path) -> None:
    assert kinds(tmp_path, HERE, began_empty=True) == set()
    assert kinds(tmp_path, THERE, began_empty=False) == {AlarmKind.LISTENER_MOVED}
    assert kinds(tmp_path, THERE, began_empty=False) == set()
    ((_, where),) = what_differs(Served(endpoint=HERE, started_empty=False), THERE, began_empty=False)
    assert where.startswith(THERE)
    assert HERE in where


def test_a_party_that_started_empty_says_so_at_each_start_until_somebody_removes_the_file(tmp_path: Path) -> None:
    assert kinds(tmp_path, HERE, began_empty=True) == set()
    assert kinds(tmp_path, HERE, began_empty=True) == {AlarmKind.STARTED_EMPTY}
    assert kinds(tmp_path, HERE, began_empty=False) == {AlarmKind.STARTED_EMPTY}
    (tmp_path / SERVED_FILE).unlink()
    assert kinds(tmp_path, HERE, began_empty=False) == set()
    assert kinds(tmp_path, HERE, began_empty=False) == set()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"endpoint": 1', '"x"', "\x00"])
def test_a_file_that_says_nothing_is_no_past(tmp_path: Path, content: str) -> None:
    (tmp_path / SERVED_FILE).write_text(content)
    assert kinds(tmp_path, HERE, began_empty=True) == set()


def test_a_folder_that_cannot_be_written_stops_no_party(tmp_path: Path) -> None:
    assert kinds(tmp_path / "not there", HERE, began_empty=True) == set()


def test_a_database_knows_whether_anything_was_ever_written_to_its_file(tmp_path: Path) -> None:
    for began_empty in (True, False):
        database = Database(tmp_path / "x.sqlite3", ("CREATE TABLE kept (value INTEGER);",))
        assert database.began_empty is began_empty
        database.close()
    (tmp_path / "x.sqlite3").write_bytes(b"")
    for rest in tmp_path.glob("x.sqlite3-*"):
        rest.unlink()
    database = Database(tmp_path / "x.sqlite3", ("CREATE TABLE kept (value INTEGER);",))
    assert database.began_empty
    database.close()


async def test_rows_are_counted_beside_the_event_loop_as_they_are_on_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.sqlite3", ("CREATE TABLE kept (value INTEGER);",))
    assert await database.count("SELECT count(*) FROM kept") == 0
    for _ in range(3):
        await database.write(lambda connection: connection.execute("INSERT INTO kept VALUES (1)"))
    assert await database.count("SELECT count(*) FROM kept") == 3
    assert await database.count("SELECT value FROM kept WHERE value > 7") == 0
    (tmp_path / "x.sqlite3").rename(tmp_path / "aside")
    with pytest.raises(WarifuError) as gone:
        await database.count("SELECT count(*) FROM kept")
    assert gone.value.reason is Reason.STORE_UNAVAILABLE
    assert not (tmp_path / "x.sqlite3").exists(), "looking makes no new file"
    database.close()
