"""Where a party keeps its rows: in a file of its folder, or on a PostgreSQL server.

Decides which of the two is opened; what a store does with it is the same for both. Must never know what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from warifu.errors import Reason
from warifu.party.database import Database
from warifu.party.place import Place

__all__ = ["FoundRows", "PartyDatabase", "RowReader", "open_database"]

Result = TypeVar("Result")


class FoundRows(Protocol):
    """What a statement found: rows as tuples, each given once."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class RowReader(Protocol):
    """Reads a party's rows. What is refused is told as the store's reason."""

    def execute(self, sql: str, parameters: Any = ()) -> FoundRows:
        """The rows that ``sql``, with ``?`` for each of ``parameters``, finds."""


class PartyDatabase(Protocol):
    """See :class:`warifu.party.database.Database`, which says what each of these promises."""

    @property
    def path(self) -> Path | None:
        """The file; None where there is none."""

    @property
    def began_empty(self) -> bool:
        """Whether nothing had ever been written when it was opened here."""

    @property
    def groups_committed(self) -> int:
        """How many transactions were committed since it was opened."""

    @property
    def mutations_committed(self) -> int:
        """How many mutations they held."""

    @property
    def reader(self) -> RowReader:
        """Reads at once."""

    def write(self, mutation: Callable[[Any], Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """Run ``mutation`` in the next group."""

    def write_now(self, mutation: Callable[[Any], Result]) -> Result:
        """Run ``mutation`` and wait for it here."""

    async def count(self, sql: str) -> int:
        """The one number that ``sql`` selects."""

    def last_number(self, table: str, column: str) -> int:
        """The newest number that ``column`` of ``table``, which numbers its rows, ever had; 0 before the first."""

    async def is_owned(self) -> bool:
        """Whether this process owns it still. Who does not must end: another may have written since."""

    def close(self) -> None:
        """Finish what is queued and let go."""


def open_database(place: Place, migrations: Sequence[str], *, unavailable: Reason) -> PartyDatabase:
    """Open it. Raises: as :class:`Database` and :class:`~warifu.party.postgres.database.PostgresDatabase`."""
    if isinstance(place, Path):
        return Database(place, migrations, unavailable=unavailable)
    from warifu.party.postgres.database import PostgresDatabase  # its driver is only for who stores there

    return PostgresDatabase(place, migrations, unavailable=unavailable)
