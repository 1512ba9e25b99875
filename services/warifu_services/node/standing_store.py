"""What a node keeps to find out that it, or the hub, was restored from an older state.

Decides these tables of the node's file: the newest checkpoint it has seen of the hub's log, both checkpoints of every break
in that log, and the exchanges that the hub knows of and this node has no record of. It names exchanges as records do,
without anything about the person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from warifu.identifiers import InstitutionCode
from warifu.party.storage import PartyDatabase
from warifu_services.node.proving_store import excuse_unproven
from warifu_services.node.store import ExchangeSide

__all__ = ["STANDING_TABLES", "LogBreak", "MissingRecord", "StandingStore"]

STANDING_TABLES = """
    CREATE TABLE seen_checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), signed_note BLOB NOT NULL);
    CREATE TABLE log_break (number INTEGER PRIMARY KEY, seen_note BLOB NOT NULL, continued_note BLOB NOT NULL);
    CREATE TABLE missing_record (
        side INTEGER NOT NULL,
        inquirer TEXT NOT NULL,
        request_id BLOB NOT NULL,
        processing_number TEXT NOT NULL,
        gone_on INTEGER NOT NULL,
        PRIMARY KEY (side, inquirer, request_id)
    ) WITHOUT ROWID;
"""
"""The migration that makes room for it."""

_PUT_SEEN = """
    INSERT INTO seen_checkpoint VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET signed_note = excluded.signed_note
"""
_PUT_BREAK = """
    INSERT INTO log_break VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE
    SET seen_note = excluded.seen_note, continued_note = excluded.continued_note
"""
_PUT_MISSING = """
    INSERT INTO missing_record VALUES (?, ?, ?, ?, ?) ON CONFLICT (side, inquirer, request_id) DO UPDATE
    SET processing_number = excluded.processing_number, gone_on = excluded.gone_on
"""


@dataclass(frozen=True, slots=True)
class LogBreak:
    """The hub's log went on from an older state: the last checkpoint seen before, and the first after, as signed notes."""

    number: int
    seen_note: bytes
    continued_note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRecord:
    """An exchange that the hub knows of, and that this node has no record of."""

    side: ExchangeSide
    inquirer: InstitutionCode
    request_id: bytes
    processing_number: str


class StandingStore:
    """Reads and writes these tables in the node's file. Every write is durable when it returns, or STORE_UNAVAILABLE."""

    def __init__(self, database: PartyDatabase) -> None:
        self._database = database

    def seen_checkpoint(self) -> bytes | None:
        """The newest checkpoint of the hub's log that was verified here, as a signed note."""
        found = self._database.reader.execute("SELECT signed_note FROM seen_checkpoint").fetchone()
        return found[0] if found else None

    async def put_seen(self, signed_note: bytes, broken: LogBreak | None = None) -> None:
        """Keep the newest checkpoint, and what shows a break before it, together.

        What was not proven before a break may be lost with it.
        """

        def mutation(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT_SEEN, (signed_note,))
            if broken is not None:
                values = (broken.number, broken.seen_note, broken.continued_note)
                connection.execute(_PUT_BREAK, values)
                excuse_unproven(connection)

        await self._database.write(mutation)

    def log_breaks(self) -> list[LogBreak]:
        """Every break in the hub's log that was seen here, oldest first."""
        rows = self._database.reader.execute("SELECT number, seen_note, continued_note FROM log_break ORDER BY number")
        return [LogBreak(*row) for row in rows]

    def has_record(self, exchange: MissingRecord) -> bool:
        """Whether there is a record of it after all. One indexed read."""
        query = "SELECT 1 FROM exchange_record WHERE request_id = ? AND inquirer = ? AND side = ?"
        key = (exchange.request_id, str(exchange.inquirer), int(exchange.side))
        return self._database.reader.execute(query, key).fetchone() is not None

    def missing(self, *, gone_on: bool) -> list[MissingRecord]:
        """The exchanges known to be missing, with which the node has gone on, or not yet."""
        query = "SELECT side, inquirer, request_id, processing_number FROM missing_record WHERE gone_on = ?"
        return [
            MissingRecord(
                side=ExchangeSide(side),
                inquirer=InstitutionCode(inquirer),
                request_id=request_id,
                processing_number=number,
            )
            for side, inquirer, request_id, number in self._database.reader.execute(query, (gone_on,))
        ]

    async def put_missing(self, missing: Sequence[MissingRecord], *, gone_on: bool) -> None:
        """Keep that these are missing, and whether the node goes on without them."""
        rows = [
            (int(each.side), str(each.inquirer), each.request_id, each.processing_number, gone_on) for each in missing
        ]

        def mutation(connection: sqlite3.Connection) -> None:
            connection.executemany(_PUT_MISSING, rows)

        await self._database.write(mutation)
