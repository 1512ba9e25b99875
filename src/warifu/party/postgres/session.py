"""One connection to a PostgreSQL server, used as stores use SQLite: a call that comes back with the rows.

Decides how long anything waits for a server that does not answer, that the next ones are then not kept waiting too, and what
happens to a connection that broke: the next call makes a new one. The driver is asynchronous; it runs on an event loop of the session's own thread, so that a
store's mutations stay plain functions of a connection, the same for both databases.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.dialect import gives_rows, with_numbered_places

if TYPE_CHECKING:
    import asyncpg

__all__ = ["PostgresRows", "PostgresSession", "driver"]

Result = TypeVar("Result")

CONNECT_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 5.0
REST_SECONDS: Final = 1.0
"""After a server did not answer in time nobody waits for it for so long: who asks meanwhile is told at once."""


def driver() -> Any:
    """The driver's module. Raises: CONFIG_INVALID, with what to install, where it is not."""
    try:
        import asyncpg  # only who stores there needs it
    except ImportError as error:
        where = "--store: PostgreSQL needs asyncpg; pip install 'warifu[postgres]'"
        raise WarifuError(Reason.CONFIG_INVALID, where=where) from error
    return asyncpg


class _Opened(Protocol):
    """What is done once with each new connection, before anybody uses it."""

    def __call__(self, connection: asyncpg.Connection[Any]) -> Awaitable[None]: ...


class _RestingError(TimeoutError):
    """The server did not answer a moment ago."""


class PostgresRows:
    """What a statement found, as :mod:`sqlite3` gives it: rows are tuples. ``rowcount``: how many it changed or found."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], rowcount: int) -> None:
        self._rows = iter(rows)
        self.rowcount = rowcount

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows


class PostgresSession:
    """A connection that comes back by itself. Calls are made from any thread but its own; they wait for each other.

    ``opened`` is awaited with each new connection. What goes wrong is raised as the driver says it.
    """

    def __init__(self, address: PostgresAddress, *, name: str, opened: _Opened | None = None) -> None:
        self._address = address
        self._name = name
        self._opened = opened
        self._driver = driver()
        self._in_transaction = False
        self._rests_until = 0.0
        self._one_by_one = asyncio.Lock()  # a connection carries one statement at a time
        self._connection: asyncpg.Connection[Any] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"postgres:{name}", daemon=True)
        self._thread.start()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> PostgresRows:
        """Run one statement. Outside a transaction it is one of its own.

        Raises: sqlite3.IntegrityError, as a file would, where a rule of the schema forbids it; it names the kind of rule and no value.
        """
        return self._wait(lambda: self._execute(sql, parameters))

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each of ``rows``."""
        self._wait(lambda: self._executemany(sql, rows))

    def script(self, sql: str) -> None:
        """Run several statements, without values, in one transaction."""
        self._wait(lambda: self._script(sql))

    def connect(self) -> None:
        """Connect now, if it is not connected."""
        self._wait(self._connected)

    def begin(self) -> None:
        """Begin a transaction. Until it ends, a connection that broke is not made again: half of it would stand alone."""
        self._wait(lambda: self._execute("BEGIN", ()))
        self._in_transaction = True

    def commit(self) -> None:
        """End the transaction. Where the server goes away meanwhile, nobody knows whether it did."""
        try:
            self._wait(lambda: self._execute("COMMIT", ()))
        finally:
            self._in_transaction = False

    def roll_back(self) -> bool:
        """Undo the transaction; False when the server has gone, which undoes it too, unless it was committing."""
        try:
            self._wait(lambda: self._execute("ROLLBACK", ()))
        except Exception as error:
            if not self.is_servers(error):
                raise
            return False
        finally:
            self._in_transaction = False
        return True

    def is_servers(self, error: BaseException) -> bool:
        """Whether an error is the server's, or the way to it, rather than of whoever used the session."""
        driver = self._driver
        faults = (
            driver.PostgresError,
            driver.InterfaceError,
            driver.InternalClientError,
            OSError,
            TimeoutError,
            EOFError,
        )
        return isinstance(error, faults)

    def close(self) -> None:
        """Let go of the connection and the thread. Safe to call twice."""
        if self._loop.is_closed():
            return
        with suppress(Exception):  # a server that is gone has let go already
            self._wait(self._disconnect)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Callable[[], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with self._one_by_one:
                try:
                    return await work()
                except TimeoutError as error:
                    if not isinstance(error, _RestingError):
                        self._rests_until = self._loop.time() + REST_SECONDS
                    raise

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    async def _connected(self) -> asyncpg.Connection[Any]:
        if self._connection is None or self._connection.is_closed():
            if self._in_transaction:
                raise ConnectionError("the server went away")
            self._connection = None
            if self._loop.time() < self._rests_until:
                raise _RestingError
            connection = await self._driver.connect(
                self._address.dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=STATEMENT_SECONDS,
                server_settings={
                    "application_name": f"warifu {self._name}",
                    "search_path": self._address.schema,
                    "synchronous_commit": "on",
                    "tcp_keepalives_idle": "2",  # a server that lost us lets go of the lock within some seconds
                    "tcp_keepalives_interval": "1",
                    "tcp_keepalives_count": "2",
                },
            )
            try:
                if self._opened is not None:
                    await self._opened(connection)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection
        return self._connection

    async def _execute(self, sql: str, parameters: Sequence[Any]) -> PostgresRows:
        connection = await self._connected()
        try:
            return await self._found(connection, sql, parameters)
        except self._driver.IntegrityConstraintViolationError as error:
            raise sqlite3.IntegrityError(type(error).__name__) from None
        except self._driver.PostgresError:
            raise
        except BaseException:  # what a broken connection would say next means nothing
            connection.terminate()
            raise

    @staticmethod
    async def _found(connection: asyncpg.Connection[Any], sql: str, parameters: Sequence[Any]) -> PostgresRows:
        said = with_numbered_places(sql)
        if gives_rows(sql):
            rows = [tuple(row) for row in await connection.fetch(said, *parameters)]
            return PostgresRows(rows, len(rows))
        status = await connection.execute(said, *parameters)
        last = status.rpartition(" ")[2]
        return PostgresRows((), int(last) if last.isdigit() else 0)

    async def _executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        connection = await self._connected()
        try:
            await connection.executemany(with_numbered_places(sql), rows)
        except self._driver.IntegrityConstraintViolationError as error:
            raise sqlite3.IntegrityError(type(error).__name__) from None

    async def _script(self, sql: str) -> None:
        connection = await self._connected()
        async with connection.transaction():
            await connection.execute(sql)

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=CONNECT_SECONDS)
