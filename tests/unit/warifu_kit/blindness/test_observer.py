"""The observer finds every way to match two agencies' people, and is not misled by what is public."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu_kit.blindness.observer import Join, find_joins, is_public, mutual_exchange_values

CODES = [secrets.token_bytes(32) for _ in range(5)]

MakeFile = Callable[[str, Sequence[Any]], Path]


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """A database with one table ``person`` and its column ``mark``, which holds these values."""

    def make(name: str, marks: Sequence[Any]) -> Path:
        path = tmp_path / f"{name}.sqlite3"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE person (sequence INTEGER PRIMARY KEY AUTOINCREMENT, mark)")
            connection.executemany("INSERT INTO person (mark) VALUES (?)", [(mark,) for mark in marks])
            connection.commit()
        return path

    return make


@pytest.mark.parametrize(
    ("kept", "kept_there"),
    [
        (CODES[0], CODES[0]),
        (CODES[0], CODES[0].hex()),
        (CODES[0].hex(), CODES[0].hex().upper()),
        (CODES[0].hex().encode(), CODES[0]),
        (CODES[0], b"before" + CODES[0] + b"after"),
        (CODES[0][:16], b"sealed" + CODES[0]),
        (b"before" + CODES[0], CODES[0] + b"after"),
        ("123456789018", "123456789018"),
        ("123456789018", 123456789018),
        ("山田太郎", "山田太郎".encode()),
        ("7", "7"),
    ],
    ids=repr,
)
def test_a_value_that_both_hold_is_found_however_it_is_kept(make_file: MakeFile, kept: Any, kept_there: Any) -> None:
    left, right = make_file("left", [kept]), make_file("right", [kept_there])
    assert find_joins(left, right) == [Join("person.mark", "person.mark", 1)]
    assert find_joins(right, left) == [Join("person.mark", "person.mark", 1)]


def test_as_many_values_as_are_shared_are_counted(make_file: MakeFile) -> None:
    assert find_joins(make_file("left", CODES), make_file("right", CODES[1:3])) == [
        Join("person.mark", "person.mark", 2)
    ]


def test_files_that_share_nothing_join_nowhere(make_file: MakeFile) -> None:
    fresh = [secrets.token_bytes(32) for _ in range(50)]
    assert find_joins(make_file("left", CODES * 10), make_file("right", fresh)) == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "RECORD_NOT_HELD",
        "JT99000000000001",
        "TM00000000000001",
        "2026-04-01",
        0,
        999_999,
        1_800_000_000_123,
        b"\x08\x01",
    ],
    ids=repr,
)
def test_what_says_nothing_about_one_person_is_public(make_file: MakeFile, value: Any) -> None:
    assert is_public(value)
    assert find_joins(make_file("left", [value]), make_file("right", [value])) == []


@pytest.mark.parametrize("value", ["7", "2026", "123456789018", 123456789018, 20260401, b"01234567", 3.25], ids=repr)
def test_what_may_be_about_one_person_is_not_public(value: Any) -> None:
    assert not is_public(value)


def test_text_that_everybody_knows_is_named_by_the_caller(make_file: MakeFile) -> None:
    code = "9010110020000001"
    left, right = make_file("left", [code]), make_file("right", [code])
    assert find_joins(left, right) != []
    assert find_joins(left, right, public=[code]) == []


@pytest.mark.parametrize("dated_ms", [1_800_000_000_900, 1_800_000_000_000, 1_800_000_060_000])
def test_messages_dated_alike_are_not_thereby_about_the_same_person(make_file: MakeFile, dated_ms: int) -> None:
    answers = [SignedAnswer(sealed_answer=code, provider_signature=code * 2) for code in CODES]
    for answer in answers:
        answer.provision_time.FromMilliseconds(dated_ms)
    left, right = ([answer.SerializeToString()] for answer in answers[:2])
    assert find_joins(make_file("left", left), make_file("right", right)) == []
    assert find_joins(make_file("same", left), make_file("again", left)) == [Join("person.mark", "person.mark", 1)]


def test_only_what_tells_of_exchanges_between_the_two_may_be_shared(tmp_path: Path) -> None:
    def make(name: str, requests: Sequence[bytes], marks: Sequence[bytes]) -> Path:
        path = tmp_path / name
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE exchange_record (request_id BLOB, other BLOB)")
            connection.executemany("INSERT INTO exchange_record VALUES (?, ?)", zip(requests, marks, strict=True))
            connection.commit()
        return path

    left, right = make("left", CODES[:2], CODES[3:5]), make("right", CODES[1:3], CODES[3:5])
    allowed = mutual_exchange_values(left, right)
    assert allowed == {CODES[1]}
    assert find_joins(left, right, allowed=allowed) == [Join("exchange_record.other", "exchange_record.other", 2)]


def test_a_join_never_prints_what_is_shared(make_file: MakeFile) -> None:
    assert "123456789018" not in repr(
        find_joins(make_file("left", ["123456789018"]), make_file("right", ["123456789018"]))
    )
