"""The search finds what is there, wherever it is, and says where without saying what."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu_kit.blindness import search as blindness
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessSearch

CODE = secrets.token_bytes(32)


@pytest.fixture
def search() -> BlindnessSearch:
    return BlindnessSearch([Secret(kind="code", owner="resident 7", value=CODE)])


@pytest.fixture
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(blindness, "_CHUNK", 17)
    return iter(())


def test_a_hit_says_kind_owner_form_place_and_offset_and_not_the_value(search: BlindnessSearch) -> None:
    search.blob("message 3", b"12345" + CODE.hex().encode())
    (hit,) = search.report().hits
    assert (hit.kind, hit.owner, hit.encoding, hit.place, hit.offset) == ("code", "resident 7", "hex", "message 3", 5)
    assert CODE.hex() not in repr(search.report())


def test_where_nothing_lies_nothing_is_found(search: BlindnessSearch, tmp_path: Path) -> None:
    (tmp_path / "random").write_bytes(secrets.token_bytes(100_000))
    search.folder("folder", tmp_path)
    report = search.report()
    assert report.is_blind
    assert report.bytes_searched == 100_000 + len("random")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offset=st.integers(0, 300), more=st.integers(0, 40))
def test_a_value_is_found_once_wherever_the_chunks_of_reading_divide_it(
    tmp_path: Path, tiny_chunks: None, offset: int, more: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(offset) + CODE + bytes(more))
    search = BlindnessSearch([Secret(kind="code", owner="resident 7", value=CODE)])
    search.file("file", path)
    report = search.report()
    assert [(hit.encoding, hit.offset) for hit in report.hits] == [("raw", offset)]
    assert report.bytes_searched == offset + 32 + more


def test_a_folder_is_searched_to_its_depths_and_by_its_file_names(search: BlindnessSearch, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "party.log").write_bytes(CODE)
    (tmp_path / f"{CODE.hex()}.key").touch()
    search.folder("hub", tmp_path)
    assert sorted(hit.place for hit in search.report().hits) == ["hub: a/b/party.log", "hub: file names"]


def test_a_value_that_a_database_keeps_in_two_pages_is_found(tmp_path: Path) -> None:
    secret = secrets.token_bytes(6000)  # longer than a page, so never in one piece on disk
    path = tmp_path / "hub.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE leaf (leaf BLOB)")
        connection.execute("INSERT INTO leaf VALUES (?)", (b"before" + secret,))
        connection.commit()
    search = BlindnessSearch([Secret(kind="canary", owner="resident 7", value=secret)])
    search.folder("hub", tmp_path)
    assert {hit.place for hit in search.report().hits} == {"hub: hub.sqlite3 (values)"}


def test_what_a_database_has_not_yet_moved_out_of_its_journal_is_found(search: BlindnessSearch, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hub.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (text TEXT)")
        connection.execute("INSERT INTO note VALUES (?)", (CODE.hex(),))
        connection.commit()
        search.folder("hub", tmp_path)
    places = {hit.place for hit in search.report().hits}
    assert {"hub: hub.sqlite3-wal", "hub: hub.sqlite3 (values)"} <= places


def test_a_file_that_may_not_be_read_is_reported_as_forbidden(
    search: BlindnessSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    (tmp_path / "kept").touch()
    monkeypatch.setattr(Path, "open", refuse)
    search.file("kept", tmp_path / "kept")
    assert [refused.place for refused in search.report().forbidden] == ["kept"]


def test_a_file_that_goes_away_meanwhile_is_no_longer_had(search: BlindnessSearch, tmp_path: Path) -> None:
    search.file("gone", tmp_path / "gone")
    assert search.report().places == ()


def test_overlapping_secrets_are_both_found() -> None:
    search = BlindnessSearch(
        [
            Secret(kind="whole", owner="somebody", value="0123456789abcdef"),
            Secret(kind="part", owner="somebody", value="456789abcd"),
        ]
    )
    search.blob("message", b"0123456789abcdef")
    assert search.report().kinds_found() == {"whole", "part"}


def test_a_search_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to search for"):
        BlindnessSearch([Secret(kind="name", owner="somebody", value="")])


def test_the_searching_process_does_not_search_itself(search: BlindnessSearch) -> None:
    with pytest.raises(ValueError, match="another one"):
        search.memory("self", os.getpid())
