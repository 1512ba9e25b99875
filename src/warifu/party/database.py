"""One party's SQLite file: durable writes in groups, reads at once.

Writes are those of :class:`warifu.party.group_writer.GroupWriter`, in WAL mode with ``synchronous=FULL``. Decides who may open the
file, and what it must hold before it is used. Must never know what is stored: each party's own store module says that.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, TypeVar

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.party.file_engine import FileEngine, connect
from warifu.party.group_writer import GroupWriter
from warifu.party.reading import Reader
from warifu.pki import keep_private

__all__ = ["Database", "Mutation"]

Result = TypeVar("Result")
Mutation = Callable[[sqlite3.Connection], Result]

_COUNT_S = 5.0  # how long a count waits for somebody else to let go of the file


class Database:
    """A SQLite file with a group-committing writer.

    ``migrations`` are SQL scripts; the file's ``user_version`` says how many have run. One process owns the file, and
    one event loop at a time writes to it.

    Raises:
        WarifuError: STORE_UNAVAILABLE when the file cannot be opened, is in use, is not a database, or is newer than this code.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[str],
        *,
        unavailable: Reason = Reason.STORE_UNAVAILABLE,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``seconds`` is any clock that never goes back: it says whether the disk is slow."""
        self._path = path
        self._unavailable = unavailable
        self.began_empty = False
        """Whether nothing had ever been written to the file when it was opened here."""
        with ExitStack() as opened:
            self._claim = opened.enter_context(self._claimed())
            keep_private(path)
            try:
                self._engine = FileEngine(path, unavailable, seconds)
                opened.callback(self._engine.connection.close)
                self._migrate(migrations)
                self._engine.patient(False)
                self.reader = opened.enter_context(closing(connect(path, Reader)))
                self.reader.told = self._engine.told
            except sqlite3.Error as error:
                raise self._failure(error) from error
            opened.pop_all()  # from here on they are closed by close()
        self._writer = GroupWriter(self._engine, unavailable=unavailable, name=path.name)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def groups_committed(self) -> int:
        """How many transactions were committed since it was opened."""
        return self._writer.groups_committed

    @property
    def mutations_committed(self) -> int:
        """How many mutations they held."""
        return self._writer.mutations_committed

    def write(self, mutation: Mutation[Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """See :meth:`warifu.party.group_writer.GroupWriter.write`."""
        return self._writer.write(mutation, bulk=bulk)

    def write_now(self, mutation: Mutation[Result]) -> Result:
        """See :meth:`warifu.party.group_writer.GroupWriter.write_now`."""
        return self._writer.write_now(mutation)

    async def count(self, sql: str) -> int:
        """The one number that ``sql`` selects, counted on a thread: counting many rows must not hold up the event loop.

        Raises:
            WarifuError: the reason given as ``unavailable``.
        """

        def counted() -> int:
            place = f"{self._path.absolute().as_uri()}?mode=ro"  # a file that is gone must not come back empty
            with closing(sqlite3.connect(place, uri=True, timeout=_COUNT_S)) as reader:
                (number,) = reader.execute(sql).fetchone() or (0,)
                return int(number)

        try:
            return await asyncio.to_thread(counted)
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def last_number(self, table: str, column: str) -> int:
        """The newest number that ``column`` of ``table``, which numbers its rows, ever had; 0 before the first."""
        del column  # a table has one such
        found = self.reader.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        return int(found[0]) if found else 0

    async def is_owned(self) -> bool:
        """Always: the file's lock ends with the process that has it."""
        return True

    def close(self) -> None:
        """Finish what is queued and close the file. Safe to call twice."""
        if self._writer.close():
            self._engine.connection.close()
            self.reader.close()
            self._claim.close()

    def _claimed(self) -> IO[str]:
        """Keep other processes from owning the file too. The system lets go when this one ends, however it ends."""
        try:
            return claim(self._path.with_name(f"{self._path.name}.lock"))
        except BlockingIOError as error:
            raise WarifuError(self._unavailable, where=f"{self._path.name}: in use by another process") from error
        except OSError as error:
            raise WarifuError(self._unavailable, where=f"{self._path.name}: {error.strerror}") from error

    def _migrate(self, migrations: Sequence[str]) -> None:
        connection = self._engine.connection
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise WarifuError(
                self._unavailable, where=self._path.name, debug=f"schema {version} is newer than this code"
            )
        self.began_empty = version == 0
        for number, script in enumerate(migrations[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")

    def _failure(self, error: sqlite3.Error) -> WarifuError:
        return WarifuError(self._unavailable, where=self._path.name, debug=str(error))
