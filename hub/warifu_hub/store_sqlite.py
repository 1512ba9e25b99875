"""The hub's store in one SQLite file, with group commit.

Decides the schema. Look at it with any SQLite tool: no table has a column for a person.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from warifu.database import Database
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode, ItemCode
from warifu_hub.store import ExchangeRow, ExchangeState, WithdrawnAssessments

__all__ = ["SqliteHubStore"]

_MIGRATIONS = (
    """
    CREATE TABLE leaf (position INTEGER PRIMARY KEY, leaf BLOB NOT NULL);
    CREATE TABLE exchange (
        inquirer TEXT NOT NULL,
        request_id BLOB NOT NULL,
        inquiry_digest BLOB NOT NULL,
        processing_number TEXT NOT NULL UNIQUE,
        permission_row TEXT NOT NULL,
        permit_ms INTEGER NOT NULL,
        state TEXT NOT NULL,
        answer BLOB NOT NULL,
        permitted_position INTEGER NOT NULL,
        PRIMARY KEY (inquirer, request_id)
    );
    CREATE INDEX exchange_by_time ON exchange (permit_ms);
    CREATE TABLE endpoint (institution TEXT PRIMARY KEY, endpoint TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE withdrawn_assessment (
        institution TEXT NOT NULL,
        item_code TEXT NOT NULL,
        PRIMARY KEY (institution, item_code)
    ) WITHOUT ROWID;
    CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), signed_note BLOB NOT NULL);
    """,
)

_INSERT_LEAF = "INSERT INTO leaf SELECT COALESCE(MAX(position), -1) + 1, ? FROM leaf RETURNING position"
_FIND = """
    SELECT inquiry_digest, processing_number, permission_row, permit_ms, state, answer, permitted_position
    FROM exchange WHERE inquirer = ? AND request_id = ?
"""


def _sequence(connection: sqlite3.Connection, leaf: bytes) -> int:
    (position,) = connection.execute(_INSERT_LEAF, (leaf,)).fetchone()
    return int(position)


class SqliteHubStore:
    """:class:`warifu_hub.store.HubStore` on SQLite. Raises LOG_UNAVAILABLE when the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, _MIGRATIONS, unavailable=Reason.LOG_UNAVAILABLE)
        self._reader = self.database.reader

    def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> ExchangeRow | None:
        """See the contract."""
        found = self._reader.execute(_FIND, (str(inquirer), request_id)).fetchone()
        if found is None:
            return None
        asked, number, permission_row, permit_ms, state, answer, position = found
        return ExchangeRow(
            inquirer=inquirer,
            request_id=request_id,
            inquiry_digest=asked,
            processing_number=number,
            permission_row=permission_row,
            permit_ms=permit_ms,
            state=ExchangeState(state),
            answer=answer,
            permitted_position=position,
        )

    async def open_exchange(self, row: ExchangeRow, leaf: bytes) -> int | None:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> int | None:
            taken = "SELECT 1 FROM exchange WHERE processing_number = ?"
            if connection.execute(taken, (row.processing_number,)).fetchone():
                return None
            position = _sequence(connection, leaf)
            connection.execute(
                "INSERT INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(row.inquirer),
                    row.request_id,
                    row.inquiry_digest,
                    row.processing_number,
                    row.permission_row,
                    row.permit_ms,
                    row.state.value,
                    row.answer,
                    position,
                ),
            )
            return position

        return await self.database.write(mutation)

    async def close_exchange(self, row: ExchangeRow, leaf: bytes) -> int:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> int:
            connection.execute(
                "UPDATE exchange SET state = ?, answer = ? WHERE inquirer = ? AND request_id = ?",
                (row.state.value, row.answer, str(row.inquirer), row.request_id),
            )
            return _sequence(connection, leaf)

        return await self.database.write(mutation)

    async def append_leaf(self, leaf: bytes) -> int:
        """See the contract."""
        return await self.database.write(lambda connection: _sequence(connection, leaf))

    def leaf_count(self) -> int:
        """See the contract."""
        (last,) = self._reader.execute("SELECT COALESCE(MAX(position), -1) FROM leaf").fetchone()
        return int(last) + 1

    def leaves(self, first: int, count: int) -> list[bytes]:
        """See the contract."""
        span = "SELECT leaf FROM leaf WHERE position >= ? AND position < ? ORDER BY position"
        return [leaf for (leaf,) in self._reader.execute(span, (first, first + count))]

    async def publish_checkpoint(self, signed_note: bytes) -> None:
        """See the contract."""
        await self.database.write(
            lambda connection: connection.execute("REPLACE INTO checkpoint VALUES (1, ?)", (signed_note,)).rowcount
        )

    def published_checkpoint(self) -> bytes | None:
        """See the contract."""
        found = self._reader.execute("SELECT signed_note FROM checkpoint").fetchone()
        return found[0] if found else None

    async def put_endpoint(self, institution: InstitutionCode, endpoint: str) -> None:
        """See the contract."""
        fields = (str(institution), endpoint)
        await self.database.write(
            lambda connection: connection.execute("REPLACE INTO endpoint VALUES (?, ?)", fields).rowcount
        )

    def endpoint(self, institution: InstitutionCode) -> str | None:
        """See the contract."""
        sql = "SELECT endpoint FROM endpoint WHERE institution = ?"
        found = self._reader.execute(sql, (str(institution),)).fetchone()
        return found[0] if found else None

    async def set_assessment(
        self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool, leaf: bytes
    ) -> int:
        """See the contract."""
        add = "REPLACE INTO withdrawn_assessment VALUES (?, ?)"
        drop = "DELETE FROM withdrawn_assessment WHERE institution = ? AND item_code = ?"

        def mutation(connection: sqlite3.Connection) -> int:
            connection.execute(add if withdrawn else drop, (str(institution), str(item_code)))
            return _sequence(connection, leaf)

        return await self.database.write(mutation)

    def withdrawn_assessments(self) -> WithdrawnAssessments:
        """See the contract."""
        rows = self._reader.execute("SELECT institution, item_code FROM withdrawn_assessment")
        return frozenset((InstitutionCode(institution), ItemCode(item)) for institution, item in rows)

    async def forget_answers(self, before_ms: int) -> int:
        """See the contract."""
        sql = "UPDATE exchange SET answer = x'' WHERE permit_ms < ? AND state = 'answered' AND answer != x''"
        return await self.database.write(lambda connection: connection.execute(sql, (before_ms,)).rowcount, bulk=True)

    def close(self) -> None:
        """See the contract."""
        self.database.close()
