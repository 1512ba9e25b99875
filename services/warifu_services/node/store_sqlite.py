"""A node's store in one SQLite file, with group commit. The schema is in ``store_rows``.

Reads are by primary key or a unique index and are made at once; writes wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from warifu.agency import Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.party.database import Database
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeRecord,
    KeptInquiry,
    KeptProvision,
    Person,
    PersonFlags,
    PersonReplicas,
)
from warifu_services.node.store_rows import (
    MIGRATIONS,
    RECORD_COLUMNS,
    insert_record,
    read_provision,
    read_record,
    read_replica,
    record_key,
    replica_row,
    update_record,
)

__all__ = ["SqliteNodeStore"]

_SELECT_INQUIRY = f"""
    SELECT i.content, i.sealed_secrets, i.sealed_result, i.permitted_position, i.changed_ms, {RECORD_COLUMNS}
    FROM inquiry i JOIN exchange_record r USING (sequence) WHERE i.request_id = ?
"""  # noqa: S608  # column names from above
_SELECT_PROVISION = f"""
    SELECT coalesce(p.answer, x''), coalesce(p.decision, 0), coalesce(p.sealed_person, x''),
        coalesce(p.changed_ms, 0), {RECORD_COLUMNS}
    FROM exchange_record r LEFT JOIN provision p USING (sequence)
"""  # noqa: S608  # column names from above
_ONE_PROVISION = f"{_SELECT_PROVISION} WHERE r.request_id = ? AND r.inquirer = ? AND r.side = 2"
_PENDING_PROVISIONS = f"""
    {_SELECT_PROVISION} WHERE r.side = 2 AND r.outcome = 3 AND p.decision = 0 ORDER BY r.sequence
"""
_FIND_BY_ROW_KEY = """
    SELECT p.local_number, p.flags, r.fiscal_year, r.publication_start, r.publication_end, r.record
    FROM person p LEFT JOIN replica r ON r.local_number = p.local_number AND r.item_code = ?
    WHERE p.row_key = ?
"""
_ADD_PERSON = """
    INSERT INTO person (row_key, local_number, sealed_code, epoch, flags) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (row_key) DO UPDATE SET sealed_code = excluded.sealed_code, epoch = excluded.epoch
"""
_ENDED = "SELECT sequence FROM exchange_record WHERE outcome NOT IN (1, 3)"
_IN_ONE_QUERY = 500


class SqliteNodeStore:
    """:class:`warifu_services.node.store.NodeStore` on SQLite. Raises STORE_UNAVAILABLE when it cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, MIGRATIONS)
        self._reader = self.database.reader

    async def add_people(self, people: Sequence[Person]) -> list[bool]:
        """See the contract."""
        return await self.database.write(
            lambda connection: [_add_person(connection, person) for person in people], bulk=True
        )

    def person(self, local_number: str) -> Person | None:
        """See the contract."""
        query = "SELECT row_key, sealed_code, epoch, flags FROM person WHERE local_number = ?"
        found = self._reader.execute(query, (local_number,)).fetchone()
        if found is None:
            return None
        row_key, sealed_code, epoch, flags = found
        return Person(
            local_number=local_number,
            row_key=row_key,
            sealed_code=sealed_code,
            epoch=epoch,
            flags=PersonFlags(flags),
        )

    def unknown_people(self, local_numbers: Sequence[str]) -> set[str]:
        """See the contract."""
        unknown = set(local_numbers)
        asked = list(unknown)
        for start in range(0, len(asked), _IN_ONE_QUERY):
            part = asked[start : start + _IN_ONE_QUERY]
            places = ", ".join("?" * len(part))
            query = f"SELECT local_number FROM person WHERE local_number IN ({places})"  # noqa: S608  # question marks
            unknown.difference_update(number for (number,) in self._reader.execute(query, part))
        return unknown

    async def set_flags(self, local_number: str, flags: PersonFlags) -> bool:
        """See the contract."""
        change = "UPDATE person SET flags = ? WHERE local_number = ?"
        return await self.database.write(
            lambda connection: connection.execute(change, (int(flags), local_number)).rowcount > 0
        )

    async def put_replicas(self, replicas: Sequence[tuple[str, Replica]]) -> None:
        """See the contract."""
        rows = [replica_row(local_number, replica) for local_number, replica in replicas]

        def mutation(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO replica VALUES (?, ?, ?, ?, ?, ?)", rows)

        await self.database.write(mutation, bulk=True)

    def find_by_row_key(self, row_key: bytes, item_code: ItemCode) -> PersonReplicas | None:
        """See the contract."""
        rows = self._reader.execute(_FIND_BY_ROW_KEY, (str(item_code), row_key)).fetchall()
        if not rows:
            return None
        return PersonReplicas(
            local_number=rows[0][0],
            flags=PersonFlags(rows[0][1]),
            replicas=tuple(read_replica(item_code, row[2:]) for row in rows if row[2] is not None),
        )

    async def begin_inquiry(self, kept: KeptInquiry) -> bool:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> bool:
            record = kept.record
            sequence = insert_record(connection, record)
            if sequence is None:
                return False
            connection.execute(
                "INSERT INTO inquiry VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    record.request_id,
                    sequence,
                    kept.content,
                    kept.sealed_secrets,
                    kept.sealed_result,
                    kept.permitted_position,
                    kept.changed_ms,
                ),
            )
            return True

        return await self.database.write(mutation)

    def inquiry(self, request_id: bytes) -> KeptInquiry | None:
        """See the contract."""
        found = self._reader.execute(_SELECT_INQUIRY, (request_id,)).fetchone()
        if found is None:
            return None
        content, sealed_secrets, sealed_result, permitted_position, changed_ms, *record = found
        return KeptInquiry(
            record=read_record(record),
            content=content,
            sealed_secrets=sealed_secrets,
            sealed_result=sealed_result,
            permitted_position=permitted_position,
            changed_ms=changed_ms,
        )

    async def put_inquiry(self, kept: KeptInquiry) -> None:
        """See the contract."""
        change = """UPDATE inquiry SET sealed_secrets = ?, sealed_result = ?, permitted_position = ?, changed_ms = ?
            WHERE request_id = ?"""
        values = (
            kept.sealed_secrets,
            kept.sealed_result,
            kept.permitted_position,
            kept.changed_ms,
            kept.record.request_id,
        )

        def mutation(connection: sqlite3.Connection) -> None:
            connection.execute(change, values)
            update_record(connection, kept.record)

        await self.database.write(mutation)

    def open_inquiries(self) -> list[bytes]:
        """See the contract."""
        query = """SELECT i.request_id FROM exchange_record r JOIN inquiry i USING (sequence)
            WHERE r.side = 1 AND r.outcome = 1 ORDER BY r.sequence"""
        return [request_id for (request_id,) in self._reader.execute(query)]

    def provision(self, inquirer: InstitutionCode, request_id: bytes) -> KeptProvision | None:
        """See the contract."""
        return _one_provision(self._reader, inquirer, request_id)

    async def settle_provision(self, kept: KeptProvision, *, missed: bool = False) -> KeptProvision:
        """See the contract."""
        return await self.database.write(lambda connection: _settle(connection, kept, missed=missed))

    def pending_provisions(self) -> list[KeptProvision]:
        """See the contract."""
        return [read_provision(row) for row in self._reader.execute(_PENDING_PROVISIONS)]

    async def decide(self, processing_number: str, decision: ClerkDecision) -> bool:
        """See the contract."""
        change = """UPDATE provision SET decision = ? WHERE sequence IN (
            SELECT sequence FROM exchange_record WHERE side = 2 AND outcome = 3 AND processing_number = ?)"""
        return await self.database.write(
            lambda connection: connection.execute(change, (int(decision), processing_number)).rowcount > 0
        )

    def misses(self, inquirer: InstitutionCode) -> int:
        """See the contract."""
        query = "SELECT miss_count FROM miss WHERE inquirer = ?"
        found = self._reader.execute(query, (str(inquirer),)).fetchone()
        return int(found[0]) if found else 0

    def records(self, after: int, count: int) -> list[tuple[int, ExchangeRecord]]:
        """See the contract."""
        query = f"SELECT r.sequence, {RECORD_COLUMNS} FROM exchange_record r WHERE r.sequence > ? ORDER BY r.sequence LIMIT ?"  # noqa: S608  # column names
        return [(row[0], read_record(row[1:])) for row in self._reader.execute(query, (after, count))]

    async def purge(self, *, requested_before_ms: int, changed_before_ms: int) -> None:
        """See the contract."""

        def mutation(connection: sqlite3.Connection) -> None:
            ended = (changed_before_ms,)
            connection.execute(f"DELETE FROM inquiry WHERE changed_ms < ? AND sequence IN ({_ENDED})", ended)  # noqa: S608  # constant
            connection.execute(f"DELETE FROM provision WHERE changed_ms < ? AND sequence IN ({_ENDED})", ended)  # noqa: S608  # constant
            connection.execute("DELETE FROM exchange_record WHERE requested_ms < ?", (requested_before_ms,))

        await self.database.write(mutation, bulk=True)

    def close(self) -> None:
        """See the contract."""
        self.database.close()


def _add_person(connection: sqlite3.Connection, person: Person) -> bool:
    query = "SELECT row_key, local_number FROM person WHERE row_key = ? OR local_number = ?"
    wanted = (person.row_key, person.local_number)
    if any(held != wanted for held in connection.execute(query, wanted)):
        return False
    connection.execute(_ADD_PERSON, (*wanted, person.sealed_code, person.epoch, int(person.flags)))
    return True


def _one_provision(
    connection: sqlite3.Connection, inquirer: InstitutionCode, request_id: bytes
) -> KeptProvision | None:
    found = connection.execute(_ONE_PROVISION, (request_id, str(inquirer))).fetchone()
    return None if found is None else read_provision(found)


def _settle(connection: sqlite3.Connection, kept: KeptProvision, *, missed: bool) -> KeptProvision:
    if not _insert_provision(connection, kept):
        stored = _one_provision(connection, kept.record.inquirer, kept.record.request_id)
        if stored is None:
            raise WarifuError(Reason.PERMIT_REUSED, where="permit.processing_number")
        if not kept.ends(stored):
            return stored
        _end_provision(connection, kept)
    if missed:
        count = "INSERT INTO miss VALUES (?, 1) ON CONFLICT DO UPDATE SET miss_count = miss_count + 1"
        connection.execute(count, (str(kept.record.inquirer),))
    return kept


def _insert_provision(connection: sqlite3.Connection, kept: KeptProvision) -> bool:
    """Write a new provision. False, and nothing written, when its record is no new one."""
    sequence = insert_record(connection, kept.record)
    if sequence is None:
        return False
    values = (sequence, kept.answer, int(kept.decision), kept.sealed_person, kept.changed_ms)
    connection.execute("INSERT INTO provision VALUES (?, ?, ?, ?, ?)", values)
    return True


def _end_provision(connection: sqlite3.Connection, kept: KeptProvision) -> None:
    change = """UPDATE provision SET answer = ?, decision = ?, sealed_person = ?, changed_ms = ?
        WHERE sequence = (SELECT sequence FROM exchange_record WHERE request_id = ? AND inquirer = ? AND side = ?)"""
    values = (kept.answer, int(kept.decision), kept.sealed_person, kept.changed_ms)
    connection.execute(change, (*values, *record_key(kept.record)))
    update_record(connection, kept.record)
