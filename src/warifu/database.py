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
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from warifu.errors import Reason, WarifuError

__all__ = ["Database", "Mutation"]

Result = TypeVar("Result")
Mutation = Callable[[sqlite3.Connection], Result]
_Waiting = tuple[Mutation[Any], "Future[Any]"]

_LARGE_GROUP = 4
_GATHER_SECONDS = 0.001
_MOST_IN_A_GROUP = 512


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
        try:
            self._writer = self._connect()
            self._migrate(migrations)
            self.reader = self._connect()
        except sqlite3.Error as error:
            raise self._failure(error) from error
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
        return await asyncio.shield(asyncio.wrap_future(self.submit(mutation)))

    def submit(self, mutation: Mutation[Result]) -> Future[Result]:
        """Queue ``mutation``; the future ends as :meth:`write` would."""
        if self._closed:
            raise WarifuError(self._unavailable, debug="the store is closed")
        waiting: Future[Result] = Future()
        self._queue.put((mutation, waiting))
        return waiting

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
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
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
            live = [waiting for waiting in group if waiting[1].set_running_or_notify_cancel()]
            if live:
                self._commit(live)
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
            results = self._transaction([mutation for mutation, _ in group])
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
            if len(group) == 1:
                group[0][1].set_exception(self._translate(error))
                return
            for alone in group:
                self._commit([alone])
            return
        for (_, waiting), result in zip(group, results, strict=True):
            waiting.set_result(result)

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
        return self._failure(error) if isinstance(error, sqlite3.OperationalError) else error

    def _failure(self, error: BaseException) -> WarifuError:
        # SQLite's own words for these ("database or disk is full") name no value; the parameters are never in them.
        return WarifuError(self._unavailable, where=self._path.name, debug=str(error))
