"""A node's store in one SQLite file, or in a schema of a PostgreSQL server, with group commit. The schema is in ``store_rows``.

Reads are by primary key or a unique index and are made at once; writes wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from warifu.agency import Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu.party.place import Place
from warifu.party.storage import RowReader, open_database
from warifu_services.node.proving_store import note_asked, note_provided
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
    purge_rows,
    read_provision,
    read_record,
    read_replica,
    record_key,
    replica_row,
    update_record,
)

__all__ = ["DatabaseNodeStore"]

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
    SELECT r.sequence, {_SELECT_PROVISION.replace("SELECT", "", 1)}
    WHERE r.side = 2 AND r.outcome = 3 AND r.sequence > ? ORDER BY r.sequence LIMIT ?
"""
_FIND_BY_ROW_KEY = """
    SELECT p.local_number, p.flags, r.fiscal_year, r.publication_start, r.publication_end, r.record
    FROM person p LEFT JOIN replica r ON r.local_number = p.local_number AND r.item_code = ?
    WHERE p.row_key = ?
"""
_FIND_BY_LOCAL_NUMBER = """
    SELECT p.local_number, p.flags, r.fiscal_year, r.publication_start, r.publication_end, r.record
    FROM person p LEFT JOIN replica r ON r.local_number = p.local_number AND r.item_code = ?
    WHERE p.local_number = ?
"""
_FIND_BY_ROTATED_ROW_KEY = """
    SELECT p.local_number, p.flags, r.fiscal_year, r.publication_start, r.publication_end, r.record
    FROM rotated_code c JOIN person p USING (local_number)
        LEFT JOIN replica r ON r.local_number = p.local_number AND r.item_code = ?
    WHERE c.row_key = ?
"""
_ROTATED = """
    SELECT c.local_number, c.row_key, c.sealed_code, c.code_epoch, p.flags
    FROM rotated_code c JOIN person p USING (local_number) WHERE c.local_number = ?
"""
_BEHIND = """
    SELECT local_number, row_key, sealed_code, code_epoch, flags FROM person WHERE newest_epoch < ? LIMIT ?
"""
_COUNT_BEHIND = "SELECT count(*) FROM person WHERE newest_epoch < {0}"
_ADD_ROTATED = "INSERT INTO rotated_code VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_HAS_NEWER = "UPDATE person SET newest_epoch = ? WHERE local_number = ? AND newest_epoch < ?"
_ADD_PERSON = """
    INSERT INTO person (row_key, local_number, sealed_code, code_epoch, newest_epoch, flags) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (row_key) DO UPDATE SET sealed_code = excluded.sealed_code, code_epoch = excluded.code_epoch,
        newest_epoch = CASE WHEN person.newest_epoch > excluded.newest_epoch
            THEN person.newest_epoch ELSE excluded.newest_epoch END
"""
_PUT_REPLICA = """
    INSERT INTO replica VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (local_number, item_code, fiscal_year) DO UPDATE
    SET publication_start = excluded.publication_start, publication_end = excluded.publication_end,
        record = excluded.record
"""
_IN_ONE_QUERY = 500


class DatabaseNodeStore:
    """:class:`warifu_services.node.store.NodeStore` in a file or on a server. Raises STORE_UNAVAILABLE when it cannot be opened."""

    def __init__(self, place: Place) -> None:
        self.database = open_database(place, MIGRATIONS, unavailable=Reason.STORE_UNAVAILABLE)
        self._reader = self.database.reader

    async def add_people(self, people: Sequence[Person]) -> list[bool]:
        """See the contract."""
        return await self.database.write(
            lambda connection: [_add_person(connection, person) for person in people], bulk=True
        )

    def person(self, local_number: str) -> Person | None:
        """See the contract."""
        query = "SELECT row_key, sealed_code, code_epoch, flags FROM person WHERE local_number = ?"
        found = self._reader.execute(query, (local_number,)).fetchone()
        if found is None:
            return None
        return _person((local_number, *found))

    def rotated(self, local_number: str, code_epoch: int) -> Person | None:
        """See the contract."""
        found = self._reader.execute(f"{_ROTATED} AND c.code_epoch = ?", (local_number, code_epoch)).fetchone()
        return _person(found) if found else None

    def people_behind(self, code_epoch: int, count: int) -> list[Person]:
        """See the contract."""
        return [_person(row) for row in self._reader.execute(_BEHIND, (code_epoch, count))]

    async def add_rotated(self, people: Sequence[Person]) -> int:
        """See the contract."""
        return await self.database.write(
            lambda connection: sum(_add_rotated(connection, person) for person in people), bulk=True
        )

    async def settle_codes(self, code_epoch: int, count: int) -> int:
        """See the contract."""
        return await self.database.write(lambda connection: _settle_codes(connection, code_epoch, count), bulk=True)

    def code_epochs(self) -> dict[int, int]:
        """See the contract."""
        both = "SELECT code_epoch FROM person UNION ALL SELECT code_epoch FROM rotated_code"
        return dict(self._reader.execute(f"SELECT code_epoch, count(*) FROM ({both}) AS held GROUP BY code_epoch"))  # noqa: S608

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
            connection.executemany(_PUT_REPLICA, rows)

        await self.database.write(mutation, bulk=True)

    def find_by_row_key(self, row_key: bytes, item_code: ItemCode) -> PersonReplicas | None:
        """See the contract."""
        wanted = (str(item_code), row_key)
        rows = self._reader.execute(_FIND_BY_ROW_KEY, wanted).fetchall()
        rows = rows or self._reader.execute(_FIND_BY_ROTATED_ROW_KEY, wanted).fetchall()
        return _replicas(item_code, rows)

    def find_by_local_number(self, local_number: str, item_code: ItemCode) -> PersonReplicas | None:
        """See the contract."""
        rows = self._reader.execute(_FIND_BY_LOCAL_NUMBER, (str(item_code), local_number)).fetchall()
        return _replicas(item_code, rows)

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
            note_asked(connection, kept)

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

    def pending_provisions(self, after: int, count: int) -> list[tuple[int, KeptProvision]]:
        """See the contract."""
        return [(row[0], read_provision(row[1:])) for row in self._reader.execute(_PENDING_PROVISIONS, (after, count))]

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
        bounds = requested_before_ms, changed_before_ms
        await self.database.write(lambda connection: purge_rows(connection, *bounds), bulk=True)

    async def count_people(self) -> int:
        """How many people have a code here. Counted beside the event loop."""
        return await self.database.count("SELECT count(*) FROM person")

    async def count_behind(self, code_epoch: int) -> int:
        """How many people lack a code of ``code_epoch`` and have an earlier one. Counted beside the event loop."""
        return await self.database.count(_COUNT_BEHIND.format(int(code_epoch)))

    def count_records(self) -> int:
        """How many exchange records were ever written here, whether or not they are kept still."""
        return self.database.last_number("exchange_record", "sequence")

    def close(self) -> None:
        """See the contract."""
        self.database.close()


def _add_person(connection: sqlite3.Connection, person: Person) -> bool:
    query = "SELECT row_key, local_number FROM person WHERE row_key = ? OR local_number = ?"
    wanted = (person.row_key, person.local_number)
    beside = "SELECT row_key, local_number FROM rotated_code WHERE row_key = ?"
    found = connection.execute(beside, (person.row_key,)).fetchone()
    if found is not None:
        return bool(found == wanted)
    if any(held != wanted for held in connection.execute(query, wanted)):
        return False
    epoch = person.code_epoch
    connection.execute(_ADD_PERSON, (*wanted, person.sealed_code, epoch, epoch, int(person.flags)))
    return True


def _add_rotated(connection: sqlite3.Connection, person: Person) -> bool:
    """Whether the code was new. Nobody has two codes of one epoch, and no two people have one code."""
    if connection.execute("SELECT 1 FROM person WHERE row_key = ?", (person.row_key,)).fetchone():
        return False
    fields = person.row_key, person.local_number, person.sealed_code, person.code_epoch
    added: bool = connection.execute(_ADD_ROTATED, fields).rowcount > 0
    if added:
        connection.execute(_HAS_NEWER, (person.code_epoch, person.local_number, person.code_epoch))
    return added


def _person(row: Sequence[Any]) -> Person:
    """A person and a code from local number, row key, sealed code, code epoch and flags."""
    local_number, row_key, sealed_code, code_epoch, flags = row
    return Person(
        local_number=local_number,
        row_key=row_key,
        sealed_code=sealed_code,
        code_epoch=code_epoch,
        flags=PersonFlags(flags),
    )


def _replicas(item_code: ItemCode, rows: Sequence[Any]) -> PersonReplicas | None:
    if not rows:
        return None
    return PersonReplicas(
        local_number=rows[0][0],
        flags=PersonFlags(rows[0][1]),
        replicas=tuple(read_replica(item_code, row[2:]) for row in rows if row[2] is not None),
    )


def _settle_codes(connection: sqlite3.Connection, code_epoch: int, count: int) -> int:
    rows = connection.execute(
        "SELECT row_key, sealed_code, code_epoch, local_number FROM rotated_code WHERE code_epoch = ? LIMIT ?",
        (code_epoch, count),
    ).fetchall()
    connection.executemany(
        "UPDATE person SET row_key = ?, sealed_code = ?, code_epoch = ? WHERE local_number = ?", rows
    )
    connection.executemany(
        "DELETE FROM rotated_code WHERE local_number = ? AND code_epoch <= ?", [(row[3], code_epoch) for row in rows]
    )
    return len(rows)


def _one_provision(
    connection: sqlite3.Connection | RowReader, inquirer: InstitutionCode, request_id: bytes
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
        count = "INSERT INTO miss VALUES (?, 1) ON CONFLICT (inquirer) DO UPDATE SET miss_count = miss.miss_count + 1"
        connection.execute(count, (str(kept.record.inquirer),))
    return kept


def _insert_provision(connection: sqlite3.Connection, kept: KeptProvision) -> bool:
    """Write a new provision. False, and nothing written, when its record is no new one."""
    sequence = insert_record(connection, kept.record)
    if sequence is None:
        return False
    values = (sequence, kept.answer, int(kept.decision), kept.sealed_person, kept.changed_ms)
    connection.execute("INSERT INTO provision VALUES (?, ?, ?, ?, ?)", values)
    note_provided(connection, sequence, kept)
    return True


def _end_provision(connection: sqlite3.Connection, kept: KeptProvision) -> None:
    change = """UPDATE provision SET answer = ?, decision = ?, sealed_person = ?, changed_ms = ?
        WHERE sequence = (SELECT sequence FROM exchange_record WHERE request_id = ? AND inquirer = ? AND side = ?)"""
    values = (kept.answer, int(kept.decision), kept.sealed_person, kept.changed_ms)
    connection.execute(change, (*values, *record_key(kept.record)))
    update_record(connection, kept.record)
