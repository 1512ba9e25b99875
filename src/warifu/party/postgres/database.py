"""One party's database on a PostgreSQL server: durable writes in groups, reads at once.

As :class:`warifu.party.database.Database`, and stores cannot tell the two apart. Decides what a schema must hold before it is
used, and how this process finds out that another owned it meanwhile.

Reads wait for the server on the event loop, some tenths of a millisecond: it is for those who run many processes, and one
more core does the waiting. Must never know what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.party.group_writer import GroupWriter
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.dialect import schema_script
from warifu.party.postgres.engine import ServerEngine
from warifu.party.postgres.owner import Owner
from warifu.party.postgres.session import PostgresRows, PostgresSession

__all__ = ["PostgresDatabase", "PostgresReader"]

Result = TypeVar("Result")
_Mutation = Callable[[Any], Result]

_VERSION_TABLE: Final = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)"


class PostgresReader:
    """Reads a party's schema. What the server refuses is told as the store's reason."""

    def __init__(self, session: PostgresSession, told: Callable[[Exception], Exception]) -> None:
        self._session = session
        self._told = told

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> PostgresRows:
        """The rows. Raises: the reason given to the database as ``unavailable``."""
        try:
            return self._session.execute(sql, parameters)
        except Exception as error:
            raise self._told(error) from error


class PostgresDatabase:
    """A schema with a group-committing writer. One process owns it, and one event loop at a time writes to it.

    ``migrations`` are the SQL scripts of :class:`warifu.party.database.Database`.

    Raises:
        WarifuError: the reason given as ``unavailable`` when the server cannot be reached, another process owns the
            schema, or it is newer than this code. CONFIG_INVALID when the driver is not installed.
    """

    path: Path | None = None
    """There is no file."""

    def __init__(
        self, address: PostgresAddress, migrations: Sequence[str], *, unavailable: Reason = Reason.STORE_UNAVAILABLE
    ) -> None:
        self._address = address
        self._unavailable = unavailable
        self.began_empty = False
        self._owner = Owner(address.schema, unavailable)
        self._session = PostgresSession(address, name="writes", opened=self._owner.take)
        self._reading = PostgresSession(address, name="reads")
        engine = ServerEngine(self._session, unavailable, address.schema)
        try:
            self._migrate(migrations)
            self._reading.connect()
        except Exception as error:
            self._session.close()
            self._reading.close()
            raise engine.told(error) from error
        self.reader = PostgresReader(self._reading, engine.told)
        self._writer = GroupWriter(engine, unavailable=unavailable, name=address.schema)
        self._seen_committed = 0

    @property
    def groups_committed(self) -> int:
        """How many transactions were committed since it was opened."""
        return self._writer.groups_committed

    @property
    def mutations_committed(self) -> int:
        """How many mutations they held."""
        return self._writer.mutations_committed

    def last_number(self, table: str, column: str) -> int:
        """The newest number that ``column`` of ``table`` ever had; 0 before the first. What was not written leaves gaps."""
        sql = f'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM "{table}_{column}_seq"'  # noqa: S608  # a store's own
        return int((self.reader.execute(sql).fetchone() or (0,))[0])

    async def is_owned(self) -> bool:
        """Whether no other process owned the schema since. A server that is away has not given it to anybody.

        Whoever has committed since it was last asked is the owner. Else the writing session, with which the lock ends, says one
        word to the server: a way that was lost silently shows in no other way to a party that writes nothing.
        """
        committed = self._writer.groups_committed
        if committed == self._seen_committed:
            with suppress(Exception):  # a server that is away, or whoever is the owner now
                await asyncio.to_thread(self._session.execute, "SELECT 1")
        self._seen_committed = committed
        return not self._owner.lost

    def write(self, mutation: _Mutation[Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """See :meth:`warifu.party.group_writer.GroupWriter.write`. ``bulk`` makes no difference: all runs on the thread."""
        return self._writer.write(mutation, bulk=bulk)

    def write_now(self, mutation: _Mutation[Result]) -> Result:
        """See :meth:`warifu.party.group_writer.GroupWriter.write_now`."""
        return self._writer.write_now(mutation)

    async def count(self, sql: str) -> int:
        """The one number that ``sql`` selects. Raises: as :meth:`PostgresReader.execute`."""
        found = await asyncio.to_thread(self.reader.execute, sql)
        return int((found.fetchone() or (0,))[0])

    def close(self) -> None:
        """Finish what is queued and let go of the server. Safe to call twice."""
        if self._writer.close():
            self._session.close()
            self._reading.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        self._session.script(_VERSION_TABLE)
        (version,) = self._session.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone() or (0,)
        if version > len(migrations):
            raise WarifuError(
                self._unavailable, where=self._address.schema, debug=f"schema {version} is newer than this code"
            )
        self.began_empty = version == 0
        for number, script in enumerate(migrations[version:], start=version + 1):
            note = f"INSERT INTO schema_version VALUES ({number})"  # noqa: S608  # a number
            self._session.script(f"{schema_script(script).rstrip().rstrip(';')}; {note};")
