"""What the hub keeps to find out that it, or an agency, was restored from an older state.

Decides these tables of the hub's file, which the log's leaves are written together with: for each agency some of the
newest exchanges that it must have a record of, how often the log went on from an older state, and the newest checkpoint
that somebody showed and this log does not extend. No table grows with use.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from warifu.identifiers import InstitutionCode
from warifu.party.storage import PartyDatabase
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation

__all__ = ["STANDING_TABLES", "KnownExchange", "StandingStore", "note_known", "sequence_leaf"]

STANDING_TABLES = """
    CREATE TABLE known_exchange (
        institution TEXT NOT NULL,
        provided INTEGER NOT NULL,
        slot INTEGER NOT NULL,
        inquirer TEXT NOT NULL,
        request_id BLOB NOT NULL,
        processing_number TEXT NOT NULL,
        permit_ms INTEGER NOT NULL,
        PRIMARY KEY (institution, provided, slot)
    ) WITHOUT ROWID;
    CREATE TABLE continuation (number INTEGER PRIMARY KEY, position INTEGER NOT NULL);
    CREATE TABLE shown_checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), signed_note BLOB NOT NULL);
"""
"""The migration that makes room for it."""

_SLOTS = 32  # exchanges of one agency and side: those of one moment may be recorded in any order
_INSERT_LEAF = """
    INSERT INTO leaf VALUES ((SELECT COALESCE(MAX(position), -1) + 1 FROM leaf), ?) RETURNING position
"""
_NOTE_KNOWN = """
    INSERT INTO known_exchange VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (institution, provided, slot) DO UPDATE SET inquirer = excluded.inquirer,
        request_id = excluded.request_id, processing_number = excluded.processing_number, permit_ms = excluded.permit_ms
"""
_KEEP_SHOWN = """
    INSERT INTO shown_checkpoint VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET signed_note = excluded.signed_note
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownExchange:
    """An exchange that an agency had a record of before the hub wrote this down. ``permit_ms``: Unix milliseconds."""

    provided: bool
    inquirer: InstitutionCode
    request_id: bytes
    processing_number: str
    permit_ms: int


def sequence_leaf(connection: sqlite3.Connection, leaf: bytes) -> int:
    """Append a leaf; its position, which is its key."""
    ((position,),) = connection.execute(_INSERT_LEAF, (leaf,)).fetchall()
    return int(position)


def note_known(
    connection: sqlite3.Connection, institution: InstitutionCode, known: KnownExchange, permitted_position: int
) -> None:
    """Note, in the transaction that sequences its leaf, an exchange that ``institution`` must have a record of."""
    connection.execute(
        _NOTE_KNOWN,
        (
            str(institution),
            known.provided,
            permitted_position % _SLOTS,
            str(known.inquirer),
            known.request_id,
            known.processing_number,
            known.permit_ms,
        ),
    )


class StandingStore:
    """Reads and writes these tables in the hub's file. Every write is durable when it returns."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    def known_exchanges(self, institution: InstitutionCode) -> list[KnownExchange]:
        """Some of the newest exchanges that ``institution`` must have a record of; at most 64. One indexed read."""
        query = """SELECT provided, inquirer, request_id, processing_number, permit_ms
            FROM known_exchange WHERE institution = ?"""
        return [
            KnownExchange(
                provided=bool(provided),
                inquirer=InstitutionCode(inquirer),
                request_id=request_id,
                processing_number=number,
                permit_ms=permit_ms,
            )
            for provided, inquirer, request_id, number, permit_ms in self._database.reader.execute(
                query, (str(institution),)
            )
        ]

    def continuation(self) -> Continuation:
        """How often the log went on from an older state."""
        query = "SELECT number, position FROM continuation ORDER BY number DESC LIMIT 1"
        found = self._database.reader.execute(query).fetchone()
        return Continuation(*found) if found else NEVER_CONTINUED

    async def continue_log(self, number: int, leaf: bytes) -> Continuation:
        """Sequence the leaf that says that the log goes on, and forget what was shown; together.

        Raises: LOG_INVALID, and nothing written, when ``number`` is out of range: no checkpoint could say it.
        """

        def mutation(connection: sqlite3.Connection) -> Continuation:
            continued = Continuation(number, sequence_leaf(connection, leaf))
            connection.execute("INSERT INTO continuation VALUES (?, ?)", (continued.number, continued.position))
            connection.execute("DELETE FROM shown_checkpoint")
            return continued

        return await self._database.write(mutation)

    def shown_checkpoint(self) -> bytes | None:
        """The signed note that was shown and that this log does not extend, if there is one."""
        found = self._database.reader.execute("SELECT signed_note FROM shown_checkpoint").fetchone()
        return found[0] if found else None

    async def keep_shown(self, signed_note: bytes) -> None:
        """Keep such a note, in place of any other."""
        await self._database.write(lambda connection: connection.execute(_KEEP_SHOWN, (signed_note,)).rowcount)
