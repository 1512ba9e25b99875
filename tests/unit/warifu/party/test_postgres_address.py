"""What an address of a PostgreSQL database may say, and how SQL is said to the server. No server is needed."""

from __future__ import annotations

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.dialect import gives_rows, schema_script, with_numbered_places


def test_an_address_names_a_database_and_its_own_schema_unless_it_names_another() -> None:
    read = PostgresAddress.parse("postgresql://warifu@db:5433/hubs?host=/run/pg", schema="warifu_hub")
    assert (read.dsn, read.schema) == ("postgresql://warifu@db:5433/hubs?host=/run/pg", "warifu_hub")
    other = PostgresAddress.parse("postgresql://db/hubs?schema=west", schema="warifu_hub")
    assert (other.dsn, other.schema, str(other)) == ("postgresql://db/hubs", "west", "hubs.west")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "not an address"),
        ("hub.sqlite3", "not an address"),
        ("mysql://db/hubs", "not an address"),
        ("postgresql://db", "not an address"),
        ("postgresql://db:none/hubs", "not an address"),
        ("postgresql://db/hubs?schema=West", "lower-case"),
        ('postgresql://db/hubs?schema=a";drop', "lower-case"),
        ("postgresql://db/hubs?options=-c", "options is not one of"),
        ("postgresql://db/hubs?sslmode=prefer", "may not be encrypted"),
        ("postgresql://db/hubs?sslmode=disable", "may not be encrypted"),
        ("postgresql://db/hubs?sslmode=", "may not be encrypted"),
        ("postgresql://db/hubs?sslmode=verify-full&host=/run/pg", "leave it out"),
    ],
)
def test_any_other_is_refused_and_the_reason_named(address: str, why: str) -> None:
    with pytest.raises(WarifuError, match=why) as refused:
        PostgresAddress.parse(address, schema="warifu_hub")
    assert refused.value.reason is Reason.CONFIG_INVALID


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(WarifuError, match="PGPASSFILE") as refused:
        PostgresAddress.parse("postgresql://warifu:sesame@db/hubs", schema="warifu_hub")
    assert "sesame" not in str(refused.value)
    assert "sesame" not in repr(refused.value)


def test_places_are_numbered_but_not_those_inside_a_text() -> None:
    said = with_numbered_places("SELECT a FROM b WHERE c = ? AND d = 'why?' AND e != x'00ff' AND only = ?")
    assert said == "SELECT a FROM b WHERE c = $1 AND d = 'why?' AND e != '\\x00ff'::bytea AND \"only\" = $2"


def test_a_schema_is_said_with_the_servers_words() -> None:
    said = schema_script(
        "CREATE TABLE a (only INTEGER PRIMARY KEY CHECK (only = 1), b BLOB NOT NULL, c TEXT) WITHOUT ROWID;"
    )
    assert said == (
        'CREATE TABLE a ("only" BIGINT PRIMARY KEY CHECK ("only" = 1), b BYTEA NOT NULL, c TEXT COLLATE "C");'
    )


def test_what_gives_rows_is_told_from_what_changes_them() -> None:
    assert gives_rows(" SELECT 1")
    assert gives_rows("INSERT INTO a VALUES (?) RETURNING b")
    assert not gives_rows("INSERT INTO a VALUES (?)")
