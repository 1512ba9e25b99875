"""Inquiries of a node's file from before they lay in the order of their records, and what is erased with the end of one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_services.node.store import ExchangeOutcome, ExchangeRecord, ExchangeSide, KeptInquiry
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.store_rows import MIGRATIONS, RECORD_COLUMNS

BEFORE = len(MIGRATIONS) - 1
OWN, PEER = "9030110020000001", "9020110020000001"


def kept(number: int, secrets: bytes = b"secrets") -> KeptInquiry:
    record = ExchangeRecord(
        side=ExchangeSide.INQUIRER,
        request_id=bytes([number]) * 16,
        inquirer=InstitutionCode(OWN),
        provider=InstitutionCode(PEER),
        procedure_code=ProcedureCode("JT99000000000001"),
        item_code=ItemCode("TM00000000000002"),
        requested_ms=1_000 + number,
        inquiry_digest=b"d" * 32,
        non_disclosure=False,
    )
    return KeptInquiry(record=record, content=b"c" * 32, sealed_secrets=secrets, changed_ms=1_000 + number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with inquiries 3, which goes on, 1, which has ended, and 2, which goes on; of the schema before."""
    path = tmp_path / "node.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        for script in MIGRATIONS[:BEFORE]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version={BEFORE}")
        for sequence, (number, secrets) in enumerate(((3, b"of 3"), (1, b""), (2, b"of 2")), start=1):
            connection.execute(
                f"INSERT INTO exchange_record (sequence, {RECORD_COLUMNS.replace('r.', '')})"  # names
                " VALUES (?, 1, ?, ?, ?, 'JT99000000000001', 'TM00000000000002', ?, ?, 0, '', NULL, 1, '', x'')",
                (sequence, bytes([number]) * 16, OWN, PEER, 1_000 + number, b"d" * 32),
            )
            connection.execute(
                "INSERT INTO inquiry VALUES (?, ?, ?, ?, x'', -1, ?)",
                (bytes([number]) * 16, sequence, b"c" * 32, secrets, 1_000 + number),
            )
        connection.commit()
    return path


def test_every_inquiry_of_a_file_from_before_is_there_with_its_secrets(path: Path) -> None:
    with closing(DatabaseNodeStore(path)) as store:
        for number, secrets in ((1, b""), (2, b"of 2"), (3, b"of 3")):
            found = store.inquiry(bytes([number]) * 16)
            assert found is not None
            assert (found.content, found.sealed_secrets) == (b"c" * 32, secrets)
            assert found.record == kept(number).record
        assert store.open_inquiries() == [bytes([number]) * 16 for number in (3, 1, 2)]


async def test_one_from_before_is_purged_as_any_other(path: Path) -> None:
    with closing(DatabaseNodeStore(path)) as store:
        await store.purge(requested_before_ms=1_003, changed_before_ms=0)
        assert [store.inquiry(bytes([number]) * 16) is None for number in (1, 2, 3)] == [True, True, False]
        ((left,),) = store.database.reader.execute("SELECT count(*) FROM inquiry_secrets").fetchall()
        assert left == 1


async def test_with_its_end_an_inquirys_secrets_are_gone_from_the_file(tmp_path: Path) -> None:
    with closing(DatabaseNodeStore(tmp_path / "node.sqlite3")) as store:
        await store.begin_inquiry(kept(1))
        await store.begin_inquiry(kept(2))
        ended = replace(kept(1), record=replace(kept(1).record, outcome=ExchangeOutcome.FAILED), sealed_secrets=b"")
        await store.put_inquiry(ended)
        rows = store.database.reader.execute("SELECT sealed_secrets FROM inquiry_secrets").fetchall()
        assert rows == [(kept(2).sealed_secrets,)]
        assert store.inquiry(bytes([1]) * 16) == ended
