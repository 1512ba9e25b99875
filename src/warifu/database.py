"""One party's SQLite file: durable writes in groups, reads at once.

Decides how writes become durable: a single writer thread gathers whatever is waiting, runs it in one transaction with
``synchronous=FULL`` in WAL mode and only then tells the callers, so that concurrent exchanges share one disk sync.
It waits a moment for more only when the last group was large (adaptive group commit): a lone caller never waits.

Must never know what is stored. Each party's own store module says that; it passes *mutations*, plain functions of a
connection, which must do nothing but read and write through it, for they may be run twice.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from warifu.errors import Reason, WarifuError

__all__ = ["Database", "Mutation"]

Result = TypeVar("Result")
Mutation = Callable[[sqlite3.Connection], Result]

_LARGE_GROUP = 4
_GATHER_SECONDS = 0.001
_MOST_IN_A_GROUP = 512
_DISK_ERRORS = (sqlite3.OperationalError, sqlite3.DatabaseError)  # full or failing; a damaged file


@dataclass(slots=True)
class _Waiting:
    """A mutation, who waits for it, and how it ended."""

    mutation: Mutation[Any]
    loop: asyncio.AbstractEventLoop
    written: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell whoever waits, on its own event loop."""
        if self.written.done():  # it was cancelled; the write stands
            return
        if self.error is None:
            self.written.set_result(self.result)
        else:
            self.written.set_exception(self.error)


class Database:
    """A SQLite file with a group-committing writer.

    ``migrations`` are SQL scripts; the file's ``user_version`` says how many have run. One process owns the file.

    Raises:
        WarifuError: STORE_UNAVAILABLE when the file cannot be opened, is not a database, or is newer than this code.
    """

    def __init__(
        self, path: Path, migrations: Sequence[str], *, unavailable: Reason = Reason.STORE_UNAVAILABLE
    ) -> None:
        self._path = path
        self._unavailable = unavailable
        self.groups_committed = 0
        self.mutations_committed = 0
        with ExitStack() as opened:
            try:
                self._writer = opened.enter_context(closing(self._connect()))
                self._migrate(migrations)
                self.reader = opened.enter_context(closing(self._connect()))
            except sqlite3.Error as error:
                raise self._failure(error) from error
            opened.pop_all()  # from here on they are closed by close()
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"writer:{path.name}", daemon=True)
        self._thread.start()

    async def write(self, mutation: Mutation[Result]) -> Result:
        """Run ``mutation`` in the next group and return its result once it is durable on disk.

        Cancelling the wait does not undo the write.

        Raises:
            WarifuError: the reason given as ``unavailable`` when the disk refuses; whatever the mutation itself raised.
        """
        if self._closed:
            raise WarifuError(self._unavailable, debug="the store is closed")
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Result] = loop.create_future()
        self._queue.put(_Waiting(mutation, loop, written))
        return await written

    def close(self) -> None:
        """Finish what is queued and close the file. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._writer.close()
        self.reader.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5)
        with ExitStack() as opened:
            opened.callback(connection.close)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            opened.pop_all()
        return connection

    def _migrate(self, migrations: Sequence[str]) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise WarifuError(
                self._unavailable, where=self._path.name, debug=f"schema {version} is newer than this code"
            )
        for number, script in enumerate(migrations[version:], start=version + 1):
            self._writer.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")

    def _run(self) -> None:
        last = 0
        while True:
            group, ended = self._gather(last)
            last = len(group)
            if group:
                self._commit(group)
                _settle(group)
            if ended:
                return

    def _gather(self, last: int) -> tuple[list[_Waiting], bool]:
        """Wait for one mutation, then take what is there; a little longer if the last group was large."""
        first = self._queue.get()
        if first is None:
            return [], True
        group = [first]
        patience = _GATHER_SECONDS if last >= _LARGE_GROUP else 0.0
        while len(group) < _MOST_IN_A_GROUP:
            try:
                more = self._queue.get(block=patience > 0, timeout=patience or None)
            except queue.Empty:
                break
            if more is None:
                return group, True
            group.append(more)
            if len(group) >= last:
                patience = 0.0
        return group, False

    def _commit(self, group: list[_Waiting]) -> None:
        """Commit the group; if anything in it fails, each alone, so that one bad mutation harms no other."""
        try:
            results = self._transaction([waiting.mutation for waiting in group])
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
            if len(group) == 1:
                group[0].error = self._translate(error)
                return
            for alone in group:
                self._commit([alone])
            return
        for waiting, result in zip(group, results, strict=True):
            waiting.result = result

    def _transaction(self, mutations: list[Mutation[Any]]) -> list[Any]:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            results = [mutation(self._writer) for mutation in mutations]
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        self.groups_committed += 1
        self.mutations_committed += len(mutations)
        return results

    def _translate(self, error: Exception) -> Exception:
        """What the disk did becomes the store's reason; a mutation's own fault (a broken constraint) stays itself."""
        return self._failure(error) if type(error) in _DISK_ERRORS else error

    def _failure(self, error: BaseException) -> WarifuError:
        # SQLite's own words for these ("database or disk is full") name no value; the parameters are never in them.
        return WarifuError(self._unavailable, where=self._path.name, debug=str(error))


def _settle(group: list[_Waiting]) -> None:
    """Wake each event loop once, however many wait on it."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Waiting]] = defaultdict(list)
    for waiting in group:
        by_loop[waiting.loop].append(waiting)
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell, told)


def _tell(group: list[_Waiting]) -> None:
    for waiting in group:
        waiting.settle()
