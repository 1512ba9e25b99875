"""How a node's values lie in the rows of its SQLite file: the schema, and reading and writing one row.

Decides the schema. Look at it with any SQLite tool: it holds no My Number, and no column that another agency's file
holds too, but for exchange records, which say nothing about a person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from warifu.agency import Replica
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.key_check import KEY_CHECK_TABLE
from warifu_services.node.evidence_store import EVIDENCE_TABLES
from warifu_services.node.proving_store import PROVING_TABLES
from warifu_services.node.standing_store import STANDING_TABLES
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeOutcome,
    ExchangeRecord,
    ExchangeSide,
    KeptInquiry,
    KeptProvision,
)

__all__ = [
    "MIGRATIONS",
    "RECORD_COLUMNS",
    "insert_record",
    "purge_rows",
    "put_secrets",
    "read_provision",
    "read_record",
    "read_replica",
    "record_key",
    "replica_row",
    "update_record",
]

MIGRATIONS = (
    """
    CREATE TABLE person (
        row_key BLOB PRIMARY KEY,
        local_number TEXT NOT NULL UNIQUE,
        sealed_code BLOB NOT NULL,
        epoch INTEGER NOT NULL,
        flags INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE replica (
        local_number TEXT NOT NULL,
        item_code TEXT NOT NULL,
        fiscal_year INTEGER NOT NULL,
        publication_start TEXT NOT NULL,
        publication_end TEXT,
        record BLOB NOT NULL,
        PRIMARY KEY (local_number, item_code, fiscal_year)
    ) WITHOUT ROWID;
    CREATE TABLE exchange_record (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        side INTEGER NOT NULL,
        request_id BLOB NOT NULL,
        inquirer TEXT NOT NULL,
        provider TEXT NOT NULL,
        procedure_code TEXT NOT NULL,
        item_code TEXT NOT NULL,
        requested_ms INTEGER NOT NULL,
        inquiry_digest BLOB NOT NULL,
        non_disclosure INTEGER NOT NULL,
        processing_number TEXT NOT NULL,
        provided_ms INTEGER,
        outcome INTEGER NOT NULL,
        reason TEXT NOT NULL,
        answer_digest BLOB NOT NULL,
        UNIQUE (request_id, inquirer, side)
    );
    CREATE UNIQUE INDEX provided_under ON exchange_record (processing_number) WHERE side = 2;
    CREATE INDEX waiting ON exchange_record (side, outcome) WHERE outcome IN (1, 3);
    CREATE TABLE inquiry (
        request_id BLOB PRIMARY KEY,
        sequence INTEGER NOT NULL REFERENCES exchange_record ON DELETE CASCADE,
        content BLOB NOT NULL,
        sealed_secrets BLOB NOT NULL,
        sealed_result BLOB NOT NULL,
        permitted_position INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX inquiry_of ON inquiry (sequence);
    CREATE TABLE provision (
        sequence INTEGER PRIMARY KEY REFERENCES exchange_record ON DELETE CASCADE,
        answer BLOB NOT NULL,
        decision INTEGER NOT NULL,
        sealed_person BLOB NOT NULL,
        changed_ms INTEGER NOT NULL
    );
    CREATE TABLE miss (inquirer TEXT PRIMARY KEY, miss_count INTEGER NOT NULL) WITHOUT ROWID;
    """,
    KEY_CHECK_TABLE,
    """
    ALTER TABLE person RENAME COLUMN epoch TO code_epoch;
    CREATE TABLE rotated_code (
        row_key BLOB PRIMARY KEY,
        local_number TEXT NOT NULL REFERENCES person (local_number),
        sealed_code BLOB NOT NULL,
        code_epoch INTEGER NOT NULL,
        UNIQUE (local_number, code_epoch)
    ) WITHOUT ROWID;
    """,
    STANDING_TABLES,
    """
    ALTER TABLE person ADD COLUMN newest_epoch INTEGER NOT NULL DEFAULT 1;
    UPDATE person SET newest_epoch = code_epoch;
    UPDATE person SET newest_epoch = (
        SELECT max(c.code_epoch) FROM rotated_code c WHERE c.local_number = person.local_number)
    WHERE EXISTS (
        SELECT 1 FROM rotated_code c WHERE c.local_number = person.local_number AND c.code_epoch > person.newest_epoch);
    CREATE INDEX person_by_newest_epoch ON person (newest_epoch);
    """,
    EVIDENCE_TABLES,
    PROVING_TABLES,
    """
    CREATE INDEX record_by_time ON exchange_record (requested_ms);
    CREATE INDEX inquiry_by_change ON inquiry (changed_ms);
    CREATE INDEX provision_by_change ON provision (changed_ms);
    """,
    """
    CREATE TABLE inquiry_in_order (
        request_id BLOB NOT NULL UNIQUE,
        sequence INTEGER PRIMARY KEY REFERENCES exchange_record ON DELETE CASCADE,
        content BLOB NOT NULL,
        sealed_result BLOB NOT NULL,
        permitted_position INTEGER NOT NULL,
        changed_ms INTEGER NOT NULL
    );
    CREATE TABLE inquiry_secrets (
        sequence INTEGER PRIMARY KEY REFERENCES exchange_record ON DELETE CASCADE,
        sealed_secrets BLOB NOT NULL
    );
    INSERT INTO inquiry_secrets SELECT sequence, sealed_secrets FROM inquiry WHERE sealed_secrets != x'' ORDER BY sequence;
    INSERT INTO inquiry_in_order
        SELECT request_id, sequence, content, sealed_result, permitted_position, changed_ms FROM inquiry ORDER BY sequence;
    DROP TABLE inquiry;
    ALTER TABLE inquiry_in_order RENAME TO inquiry;
    CREATE INDEX inquiry_by_change ON inquiry (changed_ms);
    """,  # by their random keys each new row of a kilobyte wrote a page of its own; in their order four share one, soon free again
)


RECORD_COLUMNS = """r.side, r.request_id, r.inquirer, r.provider, r.procedure_code, r.item_code, r.requested_ms,
    r.inquiry_digest, r.non_disclosure, r.processing_number, r.provided_ms, r.outcome, r.reason, r.answer_digest"""
_RECORD_WIDTH = 14
_CODES_KEPT = 1_024
_institution = lru_cache(_CODES_KEPT)(InstitutionCode)  # a few stand in all rows, and checking one anew takes a while
_procedure = lru_cache(_CODES_KEPT)(ProcedureCode)
_item = lru_cache(_CODES_KEPT)(ItemCode)
_PURGE = """
    DELETE FROM {0} WHERE changed_ms < ? AND EXISTS (
        SELECT 1 FROM exchange_record r WHERE r.sequence = {0}.sequence AND r.outcome NOT IN (1, 3))
"""
_INSERT_RECORD = f"""
    INSERT INTO exchange_record ({RECORD_COLUMNS.replace("r.", "")})
    VALUES ({", ".join("?" * _RECORD_WIDTH)}) ON CONFLICT DO NOTHING RETURNING sequence
"""  # noqa: S608  # column names from above
_PUT_SECRETS = """
    INSERT INTO inquiry_secrets VALUES (?, ?) ON CONFLICT (sequence) DO UPDATE SET sealed_secrets = excluded.sealed_secrets
"""
_ERASE_SECRETS = "DELETE FROM inquiry_secrets WHERE sequence = ?"
_UPDATE_RECORD = """
    UPDATE exchange_record
    SET processing_number = ?, provided_ms = ?, outcome = ?, reason = ?, answer_digest = ?, non_disclosure = ?
    WHERE request_id = ? AND inquirer = ? AND side = ?
"""


def record_key(record: ExchangeRecord) -> tuple[bytes, str, int]:
    """What tells one record from another, as the schema has it."""
    return record.request_id, str(record.inquirer), int(record.side)


def read_replica(item_code: ItemCode, row: Sequence[Any]) -> Replica:
    """A replica from its row, without local number and item."""
    fiscal_year, start, end, record = row
    return Replica(
        item_code=item_code,
        fiscal_year=fiscal_year,
        publication_start=date.fromisoformat(start),
        publication_end=date.fromisoformat(end) if end else None,
        record=record,
    )


def replica_row(local_number: str, replica: Replica) -> tuple[object, ...]:
    """A replica as a row of its table."""
    return (
        local_number,
        str(replica.item_code),
        replica.fiscal_year,
        replica.publication_start.isoformat(),
        replica.publication_end.isoformat() if replica.publication_end else None,
        replica.record,
    )


def read_record(row: Iterable[Any]) -> ExchangeRecord:
    """A record from the columns in ``RECORD_COLUMNS``."""
    side, request_id, inquirer, provider, procedure, item, requested_ms, asked, hidden, *rest = row
    processing_number, provided_ms, outcome, reason, answer_digest = rest
    return ExchangeRecord(
        side=ExchangeSide(side),
        request_id=request_id,
        inquirer=_institution(inquirer),
        provider=_institution(provider),
        procedure_code=_procedure(procedure),
        item_code=_item(item),
        requested_ms=requested_ms,
        inquiry_digest=asked,
        non_disclosure=bool(hidden),
        processing_number=processing_number,
        provided_ms=provided_ms,
        outcome=ExchangeOutcome(outcome),
        reason=Reason(reason) if reason else None,
        answer_digest=answer_digest,
    )


def insert_record(connection: sqlite3.Connection, record: ExchangeRecord) -> int | None:
    """Write a new record; its sequence number. None when there is one with its key, or its processing number."""
    values = (
        int(record.side),
        record.request_id,
        str(record.inquirer),
        str(record.provider),
        str(record.procedure_code),
        str(record.item_code),
        record.requested_ms,
        record.inquiry_digest,
        record.non_disclosure,
        *_ending(record),
    )
    inserted = connection.execute(_INSERT_RECORD, values).fetchall()
    return inserted[0][0] if inserted else None


def _ending(record: ExchangeRecord) -> tuple[object, ...]:
    reason = record.reason.value if record.reason else ""
    return record.processing_number, record.provided_ms, int(record.outcome), reason, record.answer_digest


def update_record(connection: sqlite3.Connection, record: ExchangeRecord) -> None:
    """Write how a record ended."""
    connection.execute(_UPDATE_RECORD, (*_ending(record), record.non_disclosure, *record_key(record)))


def put_secrets(connection: sqlite3.Connection, sequence: int, kept: KeptInquiry) -> None:
    """Keep what sending again needs; of an inquiry that has ended, erase it."""
    if kept.sealed_secrets:
        connection.execute(_PUT_SECRETS, (sequence, kept.sealed_secrets))
    else:
        connection.execute(_ERASE_SECRETS, (sequence,))


def read_provision(row: Sequence[Any]) -> KeptProvision:
    """A provision from its row: answer, decision, sealed person, time of change, record."""
    answer, decision, sealed_person, changed_ms, *record = row
    return KeptProvision(
        record=read_record(record),
        answer=answer,
        decision=ClerkDecision(decision),
        sealed_person=sealed_person,
        changed_ms=changed_ms,
    )


def purge_rows(connection: sqlite3.Connection, requested_before_ms: int, changed_before_ms: int) -> None:
    """Delete records by the first bound, and what goes with those that have ended by the second. Costs what is deleted."""
    for table in ("inquiry", "provision"):
        connection.execute(_PURGE.format(table), (changed_before_ms,))
    connection.execute("DELETE FROM exchange_record WHERE requested_ms < ?", (requested_before_ms,))
