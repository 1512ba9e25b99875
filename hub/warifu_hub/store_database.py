"""The hub's store in one SQLite file, or in a schema of a PostgreSQL server, with group commit.

Decides the schema. Look at it with any tool: no table has a column for a person. One SQL for both (``warifu.party.storage``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.party.place import Place
from warifu.party.storage import open_database
from warifu.tlog.tiled_tree import HashTile
from warifu_hub.cosigned_store import COSIGNED_TABLES
from warifu_hub.standing_store import STANDING_TABLES, KnownExchange, note_known
from warifu_hub.standing_store import sequence_leaf as _sequence
from warifu_hub.store import Assessment, ExchangePositions, ExchangeState, StoredExchange, WithdrawnAssessments
from warifu_hub.tile_store import TILE_TABLES, put_tiles, read_suspected, read_tile, read_tiled_size, suspect

__all__ = ["DatabaseHubStore"]

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
    "CREATE TABLE directory_version (version INTEGER PRIMARY KEY, header BLOB NOT NULL, position INTEGER NOT NULL)",
    STANDING_TABLES,
    "ALTER TABLE exchange ADD COLUMN ended_position INTEGER NOT NULL DEFAULT -1",
    COSIGNED_TABLES,
    TILE_TABLES,
    """
    DROP INDEX exchange_by_time;
    CREATE INDEX answer_by_time ON exchange (permit_ms) WHERE state = 'answered' AND answer != x'';
    """,
)

_INSERT_EXCHANGE = """
    INSERT INTO exchange VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT COALESCE(MAX(position), -1) + 1 FROM leaf), -1)
    ON CONFLICT (processing_number) DO NOTHING
"""
_PUT_CHECKPOINT = """
    INSERT INTO checkpoint VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET signed_note = excluded.signed_note
"""
_PUT_ENDPOINT = """
    INSERT INTO endpoint VALUES (?, ?) ON CONFLICT (institution) DO UPDATE SET endpoint = excluded.endpoint
"""
_WITHDRAWN_AFTER = """
    SELECT institution, item_code FROM withdrawn_assessment
    WHERE (institution, item_code) > (?, ?) ORDER BY institution, item_code LIMIT ?
"""
_FIND = """
    SELECT inquiry_digest, processing_number, permission_row, permit_ms, state, answer, permitted_position
    FROM exchange WHERE inquirer = ? AND request_id = ?
"""
_POSITIONS = "SELECT permitted_position, ended_position FROM exchange WHERE inquirer = ? AND request_id = ?"


def _known(stored: StoredExchange, *, provided: bool) -> KnownExchange:
    return KnownExchange(
        provided=provided,
        inquirer=stored.inquirer,
        request_id=stored.request_id,
        processing_number=stored.processing_number,
        permit_ms=stored.permit_ms,
    )


class DatabaseHubStore:
    """:class:`warifu_hub.store.HubStore` in a file or on a server. Raises LOG_UNAVAILABLE when it cannot be opened."""

    def __init__(self, place: Place) -> None:
        self.database = open_database(place, _MIGRATIONS, unavailable=Reason.LOG_UNAVAILABLE)
        self._reader = self.database.reader
        self._endpoints: dict[InstitutionCode, str | None] = {}  # as on disk: this process alone writes there
        self._withdrawn = self._read_withdrawn()  # likewise, and kept as on disk by each change

    def find_exchange(self, inquirer: InstitutionCode, request_id: bytes) -> StoredExchange | None:
        """See the contract."""
        found = self._reader.execute(_FIND, (str(inquirer), request_id)).fetchone()
        if found is None:
            return None
        asked, number, permission_row, permit_ms, state, answer, position = found
        return StoredExchange(
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

    def exchange_positions(self, inquirer: InstitutionCode, request_id: bytes) -> ExchangePositions | None:
        """See the contract."""
        found = self._reader.execute(_POSITIONS, (str(inquirer), request_id)).fetchone()
        return ExchangePositions(*found) if found else None

    async def open_exchange(self, stored: StoredExchange, leaf: bytes) -> int | None:
        """See the contract."""
        fields = (
            str(stored.inquirer),
            stored.request_id,
            stored.inquiry_digest,
            stored.processing_number,
            stored.permission_row,
            stored.permit_ms,
            stored.state.value,
            stored.answer,
        )

        def mutation(connection: sqlite3.Connection) -> int | None:
            if connection.execute(_INSERT_EXCHANGE, fields).rowcount == 0:
                return None
            position = _sequence(connection, leaf)
            note_known(connection, stored.inquirer, _known(stored, provided=False), position)
            return position

        return await self.database.write(mutation)

    async def close_exchange(
        self, stored: StoredExchange, leaf: bytes, *, answered_by: InstitutionCode | None = None
    ) -> int:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> int:
            position = _sequence(connection, leaf)
            connection.execute(
                "UPDATE exchange SET state = ?, answer = ?, ended_position = ? WHERE inquirer = ? AND request_id = ?",
                (stored.state.value, stored.answer, position, str(stored.inquirer), stored.request_id),
            )
            if answered_by is not None:
                note_known(connection, answered_by, _known(stored, provided=True), stored.permitted_position)
            return position

        return await self.database.write(mutation)

    async def reopen_exchange(self, stored: StoredExchange) -> None:
        """See the contract."""
        key = (ExchangeState.OPEN.value, str(stored.inquirer), stored.request_id)
        reopen = "UPDATE exchange SET state = ? WHERE inquirer = ? AND request_id = ?"
        await self.database.write(lambda connection: connection.execute(reopen, key).rowcount)

    async def append_leaf(self, leaf: bytes) -> int:
        """See the contract."""
        return await self.database.write(lambda connection: _sequence(connection, leaf))

    def leaf_count(self) -> int:
        """See the contract."""
        (last,) = self._reader.execute("SELECT COALESCE(MAX(position), -1) FROM leaf").fetchone()
        return int(last) + 1

    def leaves(self, first: int, count: int) -> list[bytes]:
        """See the contract."""
        span = "SELECT CAST(leaf AS BLOB) FROM leaf WHERE position >= ? AND position < ? ORDER BY position"
        return [leaf for (leaf,) in self._reader.execute(span, (first, first + count))]

    async def publish_checkpoint(self, signed_note: bytes, tiles: Sequence[HashTile] = ()) -> None:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> None:
            put_tiles(connection, tiles)
            connection.execute(_PUT_CHECKPOINT, (signed_note,))

        await self.database.write(mutation)

    def put_tiles(self, tiles: Sequence[HashTile]) -> None:
        """See the contract."""
        self.database.write_now(lambda connection: put_tiles(connection, tiles))

    def tile(self, level: int, number: int) -> bytes | None:
        """See the contract."""
        return read_tile(self._reader, level, number)

    def tiled_size(self) -> int:
        """See the contract."""
        return read_tiled_size(self._reader)

    async def suspect_tile(self, number: int) -> None:
        """See the contract."""
        await self.database.write(lambda connection: suspect(connection, number))

    def suspected_tile(self) -> int | None:
        """See the contract."""
        return read_suspected(self._reader)

    def published_checkpoint(self) -> bytes | None:
        """See the contract."""
        found = self._reader.execute("SELECT signed_note FROM checkpoint").fetchone()
        return found[0] if found else None

    async def put_endpoint(self, institution: InstitutionCode, endpoint: str) -> None:
        """See the contract."""
        fields = (str(institution), endpoint)
        await self.database.write(lambda connection: connection.execute(_PUT_ENDPOINT, fields).rowcount)
        self._endpoints.pop(institution, None)

    def endpoint(self, institution: InstitutionCode) -> str | None:
        """See the contract."""
        if institution not in self._endpoints:
            sql = "SELECT endpoint FROM endpoint WHERE institution = ?"
            found = self._reader.execute(sql, (str(institution),)).fetchone()
            self._endpoints[institution] = found[0] if found else None
        return self._endpoints[institution]

    async def set_assessment(
        self, institution: InstitutionCode, item_code: ItemCode, *, withdrawn: bool, leaf: bytes
    ) -> int:
        """See the contract."""
        add = "INSERT INTO withdrawn_assessment VALUES (?, ?) ON CONFLICT DO NOTHING"
        drop = "DELETE FROM withdrawn_assessment WHERE institution = ? AND item_code = ?"

        def mutation(connection: sqlite3.Connection) -> int:
            connection.execute(add if withdrawn else drop, (str(institution), str(item_code)))
            return _sequence(connection, leaf)

        position = await self.database.write(mutation)
        changed = {(institution, item_code)}
        self._withdrawn = self._withdrawn | changed if withdrawn else self._withdrawn - changed
        return position

    def withdrawn_assessments(self) -> WithdrawnAssessments:
        """See the contract."""
        return self._withdrawn

    async def put_directory_header(self, version: int, header: bytes, leaf: bytes) -> int:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> int:
            if connection.execute("SELECT 1 FROM directory_version WHERE version = ?", (version,)).fetchone():
                raise WarifuError(Reason.LOG_INVALID, where=f"version {version} of the directory is in the log already")
            position = _sequence(connection, leaf)
            connection.execute("INSERT INTO directory_version VALUES (?, ?, ?)", (version, header, position))
            return position

        return await self.database.write(mutation)

    def directory_headers(self, after: int, count: int) -> list[tuple[bytes, int]]:
        """See the contract."""
        sql = "SELECT header, position FROM directory_version WHERE version > ? ORDER BY version LIMIT ?"
        return list(self._reader.execute(sql, (after, count)))

    def newest_directory_header(self) -> bytes | None:
        """See the contract."""
        sql = "SELECT header FROM directory_version ORDER BY version DESC LIMIT 1"
        found = self._reader.execute(sql).fetchone()
        return found[0] if found else None

    def withdrawn_after(self, after: Assessment, count: int) -> list[Assessment]:
        """See the contract."""
        return self._reader.execute(_WITHDRAWN_AFTER, (*after, count)).fetchall()

    def _read_withdrawn(self) -> WithdrawnAssessments:
        rows = self._reader.execute("SELECT institution, item_code FROM withdrawn_assessment")
        return frozenset((InstitutionCode(institution), ItemCode(item)) for institution, item in rows)

    async def forget_answers(self, before_ms: int) -> int:
        """See the contract."""
        sql = "UPDATE exchange SET answer = x'' WHERE permit_ms < ? AND state = 'answered' AND answer != x''"
        return await self.database.write(lambda connection: connection.execute(sql, (before_ms,)).rowcount, bulk=True)

    def close(self) -> None:
        """See the contract."""
        self.database.close()
