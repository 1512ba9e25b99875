"""One party's database on a PostgreSQL server: durable writes in groups, reads at once.

As :class:`warifu.party.database.Database`, and stores cannot tell the two apart. Decides how writes become durable here:
whatever is waiting runs in one transaction on a thread, which waits for the server, and its callers are told when the
server says that it is committed. Where the server goes away in mid-commit nobody is told that it was written, whatever
became of it: whoever asks again finds out.

Reads wait for the server on the event loop, some tenths of a millisecond: it is for those who run many processes, and one
more core does the waiting. Must never know what is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.dialect import schema_script
from warifu.party.postgres.owner import Owner
from warifu.party.postgres.session import PostgresRows, PostgresSession

__all__ = ["PostgresDatabase", "PostgresReader"]

Result = TypeVar("Result")
_Mutation = Callable[[Any], Result]

_MOST_IN_A_GROUP: Final = 512
_VERSION_TABLE: Final = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY)"


@dataclass(slots=True)
class _Waiting:
    """A mutation and whoever waits for it."""

    mutation: _Mutation[Any]
    written: asyncio.Future[Any]

    def settle(self, result: Any, error: Exception | None) -> None:
        """Tell whoever waits. One who was cancelled hears nothing; the write stands."""
        if self.written.done() or self.written.get_loop().is_closed():
            return
        if error is None:
            self.written.set_result(result)
        else:
            self.written.set_exception(error)


class _ServerGoneError(Exception):
    """The server, or the way to it, failed in a transaction. ``told`` is what its callers are told."""

    def __init__(self, told: Exception) -> None:
        super().__init__()
        self.told = told


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
        self.groups_committed = 0
        self.mutations_committed = 0
        self._owner = Owner(address.schema, unavailable)
        self._writer = PostgresSession(address, name="writes", opened=self._owner.take)
        self._reading = PostgresSession(address, name="reads")
        try:
            self._migrate(migrations)
            self._reading.connect()
        except Exception as error:
            self._writer.close()
            self._reading.close()
            raise self._told(error) from error
        self.reader = PostgresReader(self._reading, self._told)
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting] = deque()
        self._group: list[_Waiting] = []
        self._running: Future[list[tuple[Any, Exception | None]]] | None = None
        self._gathering: asyncio.Handle | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"writer:{address.schema}")

    def last_number(self, table: str, column: str) -> int:
        """The newest number that ``column`` of ``table`` ever had; 0 before the first. What was not written leaves gaps."""
        sql = f'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM "{table}_{column}_seq"'  # noqa: S608  # a store's own
        return int((self.reader.execute(sql).fetchone() or (0,))[0])

    async def is_owned(self) -> bool:
        """Whether no other process owned the schema since. A server that is away has not given it to anybody."""
        with suppress(WarifuError):
            await self.write(lambda _: None)
        return not self._owner.lost

    def write(self, mutation: _Mutation[Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """Run ``mutation`` in the next group; the future has its result once the server has committed it.

        ``bulk`` makes no difference here: everything runs on the thread.

        Raises:
            WarifuError: the reason given as ``unavailable``; whatever the mutation itself raised.
        """
        del bulk
        if self._closed:
            raise WarifuError(self._unavailable, debug="the store is closed")
        self._loop = asyncio.get_running_loop()
        written: asyncio.Future[Result] = self._loop.create_future()
        self._waiting.append(_Waiting(mutation, written))
        if self._running is None and self._gathering is None:
            self._gathering = self._loop.call_soon(self._begin)
        return written

    def write_now(self, mutation: _Mutation[Result]) -> Result:
        """Run ``mutation`` and wait for the server here: for a party that is starting. Raises: as :meth:`write`."""
        try:
            (result,) = self._thread.submit(self._run, [mutation]).result()
        except Exception as error:
            raise self._told(error) from error
        written: Result = result
        return written

    async def count(self, sql: str) -> int:
        """The one number that ``sql`` selects. Raises: as :meth:`PostgresReader.execute`."""
        found = await asyncio.to_thread(self.reader.execute, sql)
        return int((found.fetchone() or (0,))[0])

    def close(self) -> None:
        """Finish what is queued and let go of the server. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        while self._running is not None or self._waiting:
            if self._running is None:
                self._begin()
            self._finish()
        self._thread.shutdown()
        self._writer.close()
        self._reading.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        self._writer.script(_VERSION_TABLE)
        (version,) = self._writer.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone() or (0,)
        if version > len(migrations):
            raise WarifuError(
                self._unavailable, where=self._address.schema, debug=f"schema {version} is newer than this code"
            )
        self.began_empty = version == 0
        for number, script in enumerate(migrations[version:], start=version + 1):
            note = f"INSERT INTO schema_version VALUES ({number})"  # noqa: S608  # a number
            self._writer.script(f"{schema_script(script).rstrip().rstrip(';')}; {note};")

    def _begin(self) -> None:
        """Have the thread run the next group."""
        self._gathering = None
        if self._running is not None or not self._waiting:
            return
        self._group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_IN_A_GROUP))]
        self._running = self._thread.submit(self._outcomes, [waiting.mutation for waiting in self._group])
        self._running.add_done_callback(self._call_back)

    def _outcomes(self, mutations: Sequence[_Mutation[Any]]) -> list[tuple[Any, Exception | None]]:
        """Run a group as one; where something in it fails, each alone, so that it harms no other. What became of each.

        Where the server went away all have failed alike, and none is run again: it may have been committed.
        """
        try:
            return [(result, None) for result in self._run(mutations)]
        except _ServerGoneError as gone:
            return [(None, gone.told)] * len(mutations)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
            if len(mutations) == 1:
                return [(None, error)]
            return [outcome for mutation in mutations for outcome in self._outcomes([mutation])]

    def _run(self, mutations: Sequence[_Mutation[Any]]) -> list[Any]:
        """The results of ``mutations``, committed together. Raises: what the first that fails raises, nothing written."""
        writer = self._writer
        try:
            writer.begin()
        except Exception as error:
            raise _ServerGoneError(self._told(error)) from error
        try:
            results = [mutation(writer) for mutation in mutations]
        except Exception as error:
            if not writer.roll_back():
                raise _ServerGoneError(self._told(error)) from error
            raise
        try:
            writer.commit()
        except Exception as error:
            writer.roll_back()
            raise _ServerGoneError(self._told(error)) from error
        self.groups_committed += 1
        self.mutations_committed += len(mutations)
        return results

    def _call_back(self, _: Future[Any]) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended: whoever comes next finishes the group
                loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        self._finish()
        if self._waiting and not self._closed:
            self._begin()

    def _finish(self) -> None:
        """Wait for the group under way, if any, and tell its callers."""
        if self._running is None:
            return
        outcomes, group = self._running.result(), self._group
        self._running, self._group = None, []
        for waiting, (result, error) in zip(group, outcomes, strict=True):
            waiting.settle(result, None if error is None else self._told(error))

    def _told(self, error: Exception) -> Exception:
        """The server's faults are the store's; all others are the mutation's own."""
        if isinstance(error, _ServerGoneError):
            return error.told
        if self._writer.is_servers(error):
            # a server's own words may name values; what kind of fault it was says enough
            return WarifuError(self._unavailable, where=self._address.schema, debug=type(error).__name__)
        return error
