"""One party's SQLite file: durable writes in groups, reads at once.

Decides how writes become durable: whatever is waiting runs in one transaction with ``synchronous=FULL`` in WAL mode,
and its callers are told only when that is on disk, so that concurrent exchanges share one disk sync. A group begins when
everything that the event loop had ready has run: calls in lockstep (``warifu.lockstep``) are then all in it. It waits
for no clock, and whatever comes during a sync is the next group.

The statements of a group run on the event loop, some microseconds each, and so does the commit of a large one while the disk is quick
(:mod:`warifu.party.commit_place`); else that waits on a thread. A thread that ran the statements too would fight
the event loop for the interpreter at every one of them, at several times their cost. A long mutation is declared ``bulk`` and runs on that thread as a whole; so does a
group that finds the file locked by somebody else's tool, because only the thread may wait for the lock.

Must never know what is stored. Each party's own store module says that; it passes *mutations*, plain functions of a
connection, which must do nothing but read and write through it, for they may be run twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.party.commit_place import CommitPlace
from warifu.party.reading import Reader
from warifu.pki import keep_private

__all__ = ["Database", "Mutation"]

Result = TypeVar("Result")
Connection = TypeVar("Connection", bound=sqlite3.Connection)
Mutation = Callable[[sqlite3.Connection], Result]

_MOST_IN_A_GROUP = 512
_LOCK_MS = 5_000  # how long a group waits for somebody else to let go of the file
_CHECKPOINT_PAGES = 8_000  # 32 MB: under load a page changes many times before it is copied into the database file


@dataclass(slots=True)
class _Waiting:
    """A mutation and whoever waits for it."""

    mutation: Mutation[Any]
    bulk: bool
    written: asyncio.Future[Any]
    result: Any = None

    def settle(self, error: Exception | None = None) -> None:
        """Tell whoever waits. One who was cancelled hears nothing; the write stands."""
        if self.written.done() or self.written.get_loop().is_closed():
            return
        if error is None:
            self.written.set_result(self.result)
        else:
            self.written.set_exception(error)


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
        self.groups_committed = 0
        self.mutations_committed = 0
        with ExitStack() as opened:
            self._claim = opened.enter_context(self._claimed())
            keep_private(path)
            try:
                self._writer = opened.enter_context(closing(self._connect(sqlite3.Connection)))
                self._migrate(migrations)
                self._wait_for_lock(0)
                self.reader = opened.enter_context(closing(self._connect(Reader)))
                self.reader.told = self._translate
            except sqlite3.Error as error:
                raise self._failure(error) from error
            opened.pop_all()  # from here on they are closed by close()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[_Waiting] = deque()
        self._alone: deque[_Waiting] = deque()  # from a group that failed: each gets a transaction of its own
        self._group: list[_Waiting] = []
        self._committing: Future[None] | None = None
        self._gathering: asyncio.Handle | None = None
        self._place, self._seconds = CommitPlace(), seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"writer:{path.name}")

    def write(self, mutation: Mutation[Result], *, bulk: bool = False) -> asyncio.Future[Result]:
        """Run ``mutation`` in the next group; the future has its result once that is durable on disk.

        It is under way from this call on, awaited or not. Cancelling the wait does not undo it. ``bulk`` is for what
        takes longer than an event loop should stand still.

        Raises:
            WarifuError: the reason given as ``unavailable`` when the disk refuses; whatever the mutation itself raised.
        """
        if self._closed:
            raise WarifuError(self._unavailable, debug="the store is closed")
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
        written: asyncio.Future[Result] = loop.create_future()
        self._waiting.append(_Waiting(mutation, bulk, written))
        if self._committing is None:
            self._gather(loop)
        return written

    def write_now(self, mutation: Mutation[Result]) -> Result:
        """Run ``mutation`` and wait for the disk here: for a party that is starting, never for one that serves.

        Raises:
            WarifuError: as :meth:`write`.
        """
        self._finish_group()
        try:
            self._wait_for_lock(_LOCK_MS)
            self._writer.execute("BEGIN IMMEDIATE")
            result = mutation(self._writer)
            self._commit()
        except Exception as error:
            raise self._translate(error) from error
        finally:
            self._roll_back()
            self._wait_for_lock(0)
        return result

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def count(self, sql: str) -> int:
        """The one number that ``sql`` selects, counted on a thread: counting many rows must not hold up the event loop.

        Raises:
            WarifuError: the reason given as ``unavailable``.
        """

        def counted() -> int:
            place = f"{self._path.absolute().as_uri()}?mode=ro"  # a file that is gone must not come back empty
            with closing(sqlite3.connect(place, uri=True, timeout=_LOCK_MS / 1000)) as reader:
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
        if self._closed:
            return
        self._closed = True
        self._finish_group()
        while self._waiting or self._alone:
            self._begin()
            self._finish_group()
        self._thread.shutdown()
        self._writer.close()
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

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Another event loop writes now; the one before has ended, perhaps with a group under way."""
        self._finish_group()
        self._gathering = None
        self._loop = loop

    def _connect(self, kind: type[Connection]) -> Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=_LOCK_MS / 1000, factory=kind
        )
        with ExitStack() as opened:
            opened.callback(connection.close)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            opened.pop_all()
        return connection

    def _migrate(self, migrations: Sequence[str]) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > len(migrations):
            raise WarifuError(
                self._unavailable, where=self._path.name, debug=f"schema {version} is newer than this code"
            )
        self.began_empty = version == 0
        for number, script in enumerate(migrations[version:], start=version + 1):
            self._writer.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a group once everything that is ready now has run, and may have written too."""
        if self._gathering is None:
            self._gathering = loop.call_soon(self._begin)

    def _begin(self) -> None:
        """Run the statements of the next group that has no fault, and have it committed."""
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        while self._committing is None and (self._alone or self._waiting):
            self._group = self._next_group()
            work = self._run_and_commit
            if not any(waiting.bulk for waiting in self._group):
                try:
                    self._run(self._group)
                    if self._place.is_loop(len(self._group)):
                        self._commit_here()
                        self._end_group(None)
                        continue
                    work = self._commit
                except Exception as error:  # noqa: BLE001  # whatever it is, it is the caller's to see
                    if not _is_locked(error):
                        self._end_group(error)
                        continue
            self._committing = self._thread.submit(work)
            self._committing.add_done_callback(self._call_back)

    def _next_group(self) -> list[_Waiting]:
        if self._alone:
            return [self._alone.popleft()]
        size = min(len(self._waiting), _MOST_IN_A_GROUP)
        return [self._waiting.popleft() for _ in range(size)]

    def _run(self, group: Sequence[_Waiting]) -> None:
        """Run the statements of a group in a transaction that is left open; all of it is undone if one fails."""
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for waiting in group:
                waiting.result = waiting.mutation(self._writer)
        except BaseException:
            self._roll_back()
            raise

    def _commit_here(self) -> None:
        """Wait for the disk on the event loop, and note how long that took."""
        began = self._seconds()
        try:
            self._commit()
        finally:
            self._place.took(self._seconds() - began)

    def _commit(self) -> None:
        """Wait for the disk."""
        try:
            self._writer.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _run_and_commit(self) -> None:
        self._wait_for_lock(_LOCK_MS)
        try:
            self._run(self._group)
        finally:
            self._wait_for_lock(0)
        self._commit()

    def _wait_for_lock(self, milliseconds: int) -> None:
        """How long the writer's next transaction waits while somebody else writes. On the event loop it must not."""
        self._writer.execute(f"PRAGMA busy_timeout={milliseconds}")

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _call_back(self, _: Future[None]) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended: whoever comes next finishes the group
                loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        """The thread is done with a group: tell its callers and begin the next."""
        self._finish_group()
        if self._alone:
            self._begin()
        elif self._waiting and self._loop is not None and not self._closed:
            self._gather(self._loop)

    def _finish_group(self) -> None:
        """Wait for the group under way, if any, and tell its callers."""
        if self._committing is None:
            return
        error = self._committing.exception()
        self._committing = None
        self._end_group(error)

    def _end_group(self, error: BaseException | None) -> None:
        """Tell the callers of a group; if anything in it failed, each is tried alone, so that it harms no other."""
        group, self._group = self._group, []
        if error is None:
            self.groups_committed += 1
            self.mutations_committed += len(group)
        elif len(group) > 1 and not _is_locked(error):
            self._alone.extend(group)
            return
        for waiting in group:
            waiting.settle(None if error is None else self._translate(error))

    def _translate(self, error: BaseException) -> Exception:
        """The disk's faults, a damaged file among them, are the store's; all others are the mutation's own."""
        own = isinstance(error, Exception) and not isinstance(error, sqlite3.OperationalError | sqlite3.InternalError)
        if own and type(error) is not sqlite3.DatabaseError:
            return cast(Exception, error)
        return self._failure(error)

    def _failure(self, error: BaseException) -> WarifuError:
        # SQLite's own words for these ("database or disk is full") name no value; the parameters are never in them.
        return WarifuError(self._unavailable, where=self._path.name, debug=str(error))


def _is_locked(error: BaseException) -> bool:
    """Whether somebody else writes to the file: no fault of any mutation, and it passes."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
