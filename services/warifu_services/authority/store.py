"""What the numbering authority keeps: which person holds which number, and how many codes it ever issued.

Decides the contract, an implementation on SQLite or PostgreSQL and one in memory; the same tests run over both. A write is durable
when it returns. Numbers and resident record codes come here as keyed lookups and sealed bytes only. There is no place
for who acquired a code for whom or when: of acquisitions a total is kept, and rows lie in the order of their keys, not
of their arrival.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from warifu.errors import Reason, WarifuError
from warifu.party.key_check import KEY_CHECK_TABLE
from warifu.party.place import Place
from warifu.party.storage import open_database

__all__ = ["AuthorityStore", "DatabaseAuthorityStore", "Designation", "MemoryAuthorityStore", "SealedNumber"]


@dataclass(frozen=True, slots=True, repr=False)
class SealedNumber:
    """A My Number as it is kept: ``lookup`` (32 bytes) finds it, ``sealed`` can be opened by the authority alone."""

    lookup: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Designation:
    """The number a person holds. ``resident`` is the lookup (32 bytes) of the registry's entry, ``person_id`` is 16."""

    resident: bytes
    person_id: bytes
    number: SealedNumber


class AuthorityStore(Protocol):
    """The contract. Every writing method raises STORE_UNAVAILABLE when the disk refuses; nothing is half-written."""

    async def designate(self, proposals: Sequence[Designation]) -> list[Designation | None]:
        """For each proposal, in order, the designation that now stands for its resident.

        That is the earlier one where there is one, else the proposal itself. None where its number was ever given to
        anybody before, retired or not: propose another.
        """

    async def replace(self, retired: bytes, number: SealedNumber) -> bool:
        """Retire the number found by ``retired`` and give its holder ``number``; both or neither.

        False, and nothing changed, where ``number`` was ever given to anybody before. Raises: NUMBER_NOT_DESIGNATED
        when no one holds the first.
        """

    def holders(self, numbers: Sequence[bytes]) -> list[bytes | None]:
        """For each number lookup, in order, the person id of its holder; None where no one holds it (any more).

        The one method that may be called on any thread.
        """

    async def count_issued(self, codes: int) -> None:
        """Add to the total of issued codes."""

    def codes_issued(self) -> int:
        """How many codes were issued since the store was made."""

    def close(self) -> None:
        """Finish what is queued and let go of the file."""


_MIGRATIONS = (
    """
    CREATE TABLE person (resident BLOB PRIMARY KEY, person_id BLOB NOT NULL UNIQUE) WITHOUT ROWID;
    CREATE TABLE number (
        lookup BLOB PRIMARY KEY,
        sealed BLOB NOT NULL,
        person_id BLOB NOT NULL REFERENCES person (person_id),
        retired INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX number_held ON number (person_id) WHERE retired = 0;
    CREATE TABLE total (only INTEGER PRIMARY KEY CHECK (only = 1), codes_issued INTEGER NOT NULL);
    INSERT INTO total VALUES (1, 0);
    """,
    KEY_CHECK_TABLE,
)
_STANDING = """
    SELECT person.person_id, number.lookup, number.sealed
    FROM person JOIN number ON number.person_id = person.person_id AND number.retired = 0
    WHERE person.resident = ?
"""
_TAKEN = "SELECT 1 FROM number WHERE lookup = ?"
_ADD_PERSON = "INSERT INTO person VALUES (?, ?)"
_ADD_NUMBER = "INSERT INTO number (lookup, sealed, person_id) VALUES (?, ?, ?)"
_RETIRE = "UPDATE number SET retired = 1 WHERE lookup = ? AND retired = 0 RETURNING person_id"
_COUNT = "UPDATE total SET codes_issued = codes_issued + ?"
_MOST_AT_ONCE = 500  # below the parameters that the oldest SQLite in use allows in one statement


class DatabaseAuthorityStore:
    """:class:`AuthorityStore` in one SQLite file, or on a server. Raises STORE_UNAVAILABLE when it cannot be opened."""

    def __init__(self, place: Place) -> None:
        self.database = open_database(place, _MIGRATIONS, unavailable=Reason.STORE_UNAVAILABLE)
        self._reader = self.database.reader

    async def designate(self, proposals: Sequence[Designation]) -> list[Designation | None]:
        """See the contract."""
        return await self.database.write(
            lambda connection: [_designate(connection, each) for each in proposals], bulk=True
        )

    async def replace(self, retired: bytes, number: SealedNumber) -> bool:
        """See the contract."""
        return await self.database.write(lambda connection: _replace(connection, retired, number))

    def holders(self, numbers: Sequence[bytes]) -> list[bytes | None]:
        """See the contract."""
        found: dict[bytes, bytes] = {}
        left = iter(numbers)
        while some := list(islice(left, _MOST_AT_ONCE)):
            marks = ",".join("?" * len(some))
            sql = f"SELECT lookup, person_id FROM number WHERE retired = 0 AND lookup IN ({marks})"  # noqa: S608  marks only
            found.update(self._reader.execute(sql, some))
        return [found.get(number) for number in numbers]

    async def count_issued(self, codes: int) -> None:
        """See the contract."""
        await self.database.write(lambda connection: connection.execute(_COUNT, (codes,)).rowcount)

    def codes_issued(self) -> int:
        """See the contract."""
        (total,) = self._reader.execute("SELECT codes_issued FROM total").fetchone()
        return int(total)

    def close(self) -> None:
        """See the contract."""
        self.database.close()


def _designate(connection: sqlite3.Connection, proposal: Designation) -> Designation | None:
    standing = connection.execute(_STANDING, (proposal.resident,)).fetchone()
    if standing is not None:
        person_id, lookup, sealed = standing
        return Designation(proposal.resident, person_id, SealedNumber(lookup, sealed))
    number = proposal.number
    if connection.execute(_TAKEN, (number.lookup,)).fetchone():
        return None
    connection.execute(_ADD_PERSON, (proposal.resident, proposal.person_id))
    connection.execute(_ADD_NUMBER, (number.lookup, number.sealed, proposal.person_id))
    return proposal


def _replace(connection: sqlite3.Connection, retired: bytes, number: SealedNumber) -> bool:
    if connection.execute(_TAKEN, (number.lookup,)).fetchone():
        return False
    held = connection.execute(_RETIRE, (retired,)).fetchone()
    if held is None:
        raise WarifuError(Reason.NUMBER_NOT_DESIGNATED, where="my_number")
    connection.execute(_ADD_NUMBER, (number.lookup, number.sealed, held[0]))
    return True


class MemoryAuthorityStore:
    """:class:`AuthorityStore` in dictionaries, for tests of what stands above a store."""

    def __init__(self) -> None:
        self._standing: dict[bytes, Designation] = {}
        self._holders: dict[bytes, bytes] = {}
        self._ever: set[bytes] = set()
        self._issued = 0

    async def designate(self, proposals: Sequence[Designation]) -> list[Designation | None]:
        """See the contract."""
        return [self._designate(proposal) for proposal in proposals]

    def _designate(self, proposal: Designation) -> Designation | None:
        if proposal.resident in self._standing:
            return self._standing[proposal.resident]
        if proposal.number.lookup in self._ever:
            return None
        self._hold(proposal)
        return proposal

    def _hold(self, designation: Designation) -> None:
        self._standing[designation.resident] = designation
        self._holders[designation.number.lookup] = designation.person_id
        self._ever.add(designation.number.lookup)

    async def replace(self, retired: bytes, number: SealedNumber) -> bool:
        """See the contract."""
        if number.lookup in self._ever:
            return False
        person_id = self._holders.pop(retired, None)
        if person_id is None:
            raise WarifuError(Reason.NUMBER_NOT_DESIGNATED, where="my_number")
        (resident,) = (key for key, standing in self._standing.items() if standing.person_id == person_id)
        self._hold(Designation(resident, person_id, number))
        return True

    def holders(self, numbers: Sequence[bytes]) -> list[bytes | None]:
        """See the contract."""
        return [self._holders.get(number) for number in numbers]

    async def count_issued(self, codes: int) -> None:
        """See the contract."""
        self._issued += codes

    def codes_issued(self) -> int:
        """See the contract."""
        return self._issued

    def close(self) -> None:
        """See the contract."""
