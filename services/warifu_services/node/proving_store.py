"""Which of a node's exchanges are still to be proven from the hub's log.

Decides one table of the node's file. A row comes with the record of an exchange, in the same write, once the hub must have
its leaves on disk; it goes when they are shown to be in the log. So the table is as long as the last few seconds. It
says nothing about the person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from warifu.errors import Reason
from warifu.identifiers import InstitutionCode
from warifu.party.storage import PartyDatabase
from warifu_services.node.store import ExchangeOutcome, ExchangeSide, KeptInquiry, KeptProvision

__all__ = ["PROVING_TABLES", "ProvingStore", "Unproven", "excuse_unproven", "note_asked", "note_provided"]

PROVING_TABLES: Final = """
    CREATE TABLE unproven (
        sequence INTEGER PRIMARY KEY REFERENCES exchange_record ON DELETE CASCADE,
        since_ms INTEGER NOT NULL,
        answer_digest BLOB NOT NULL,
        permit BLOB NOT NULL,
        is_excused INTEGER NOT NULL DEFAULT 0,
        is_missing INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX missing_unproven ON unproven (sequence) WHERE is_missing = 1;
"""
"""The migration that makes room for it."""

_NOTE = """
    INSERT INTO unproven (sequence, since_ms, answer_digest, permit) VALUES (?, ?, ?, ?)
    ON CONFLICT (sequence) DO UPDATE SET since_ms = excluded.since_ms, answer_digest = excluded.answer_digest,
        permit = excluded.permit, is_excused = 0, is_missing = 0
"""
_OF_ASKED = "SELECT sequence FROM exchange_record WHERE request_id = ? AND inquirer = ? AND side = 1"
_SELECT = """
    SELECT u.sequence, u.since_ms, u.answer_digest, u.permit, u.is_excused, r.side, r.request_id, r.inquirer, r.provider,
        r.procedure_code, r.item_code, r.inquiry_digest, r.processing_number
    FROM unproven u JOIN exchange_record r USING (sequence)
    WHERE u.is_missing = ? AND u.sequence > ? AND u.since_ms <= ? ORDER BY u.sequence LIMIT ?
"""
_WITH_AN_END = (ExchangeOutcome.ANSWERED, ExchangeOutcome.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """An exchange of this node whose leaves were not shown to be in the hub's log yet.

    ``answer_digest`` is what its newest leaf must hold; empty where the leaf that permitted it is enough. ``permit`` is
    the hub's signed word without the inquiry, empty where this node asked. ``is_excused``: the log says that it lost
    something since. Known since ``since_ms``, Unix milliseconds.
    """

    sequence: int
    since_ms: int
    answer_digest: bytes
    permit: bytes
    is_excused: bool
    side: ExchangeSide
    request_id: bytes
    inquirer: InstitutionCode
    provider: InstitutionCode
    procedure_code: str
    item_code: str
    inquiry_digest: bytes
    processing_number: str


def note_asked(connection: sqlite3.Connection, kept: KeptInquiry) -> None:
    """Note, in the write that stores what came of an inquiry, that the log must have it.

    Nothing is known of one that was refused or failed: whether it was permitted, the hub did not say.
    """
    record = kept.record
    by_hub = record.outcome is ExchangeOutcome.REFUSED and record.reason is not Reason.RELEASE_REFUSED
    if by_hub or record.outcome not in (*_WITH_AN_END, ExchangeOutcome.PENDING):
        return
    must_end = record.answer_digest if record.outcome in _WITH_AN_END else b""
    for (sequence,) in connection.execute(_OF_ASKED, (record.request_id, str(record.inquirer))).fetchall():
        connection.execute(_NOTE, (sequence, kept.changed_ms, must_end, b""))


def note_provided(connection: sqlite3.Connection, sequence: int, kept: KeptProvision) -> None:
    """Note, in the write that stores a new provision, that the log must have what permitted it.

    What became of it the log may say otherwise: the answer may not have reached the hub.
    """
    connection.execute(_NOTE, (sequence, kept.known_ms or kept.changed_ms, b"", kept.permit))


def excuse_unproven(connection: sqlite3.Connection) -> None:
    """Whatever is unproven now may be lost, and nobody is to blame for it."""
    connection.execute("UPDATE unproven SET is_excused = 1")


class ProvingStore:
    """Reads and writes that table. Every write is durable when it returns, or STORE_UNAVAILABLE."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    def unproven(self, *, is_missing: bool, after: int, until_ms: int, count: int) -> list[Unproven]:
        """Up to ``count`` exchanges known until then whose records come after that sequence number, in order."""
        rows = self._database.reader.execute(_SELECT, (is_missing, after, until_ms, count))
        return [_read(row) for row in rows]

    def missing_count(self) -> int:
        """How many exchanges are known to be missing in the log, and not excused."""
        count = "SELECT count(*) FROM unproven WHERE is_missing = 1 AND is_excused = 0"
        found = self._database.reader.execute(count).fetchone()
        return int(found[0])

    async def settle(self, *, done: Iterable[Unproven] = (), missing: Iterable[Unproven] = ()) -> None:
        """Forget those that are ``done``; note those that are ``missing``. A row that changed since stays as it is."""
        gone, lost = [_key(each) for each in done], [_key(each) for each in missing]
        if not gone and not lost:
            return

        def mutation(connection: sqlite3.Connection) -> None:
            same = "WHERE sequence = ? AND since_ms = ? AND answer_digest = ?"
            connection.executemany(f"DELETE FROM unproven {same}", gone)  # noqa: S608  # constant
            connection.executemany(f"UPDATE unproven SET is_missing = 1 {same}", lost)  # noqa: S608  # constant

        await self._database.write(mutation)

    def excuse_now(self) -> None:
        """As :func:`excuse_unproven`, while the node is starting: somebody told it to go on."""
        self._database.write_now(excuse_unproven)


def _key(unproven: Unproven) -> tuple[int, int, bytes]:
    return unproven.sequence, unproven.since_ms, unproven.answer_digest


def _read(row: Sequence[Any]) -> Unproven:
    sequence, since_ms, answer_digest, permit, is_excused, side, request_id, inquirer, provider, *rest = row
    procedure_code, item_code, inquiry_digest, processing_number = rest
    return Unproven(
        sequence=sequence,
        since_ms=since_ms,
        answer_digest=answer_digest,
        permit=permit,
        is_excused=bool(is_excused),
        side=ExchangeSide(side),
        request_id=request_id,
        inquirer=InstitutionCode(inquirer),
        provider=InstitutionCode(provider),
        procedure_code=procedure_code,
        item_code=item_code,
        inquiry_digest=inquiry_digest,
        processing_number=processing_number,
    )
