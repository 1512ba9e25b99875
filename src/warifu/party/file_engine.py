"""How groups are written to a SQLite file: :class:`warifu.party.group_writer.Engine` over one connection.

Decides what of a group the event loop does. The statements run there, some microseconds each, and so does the commit of a large
group while the disk is quick (:mod:`warifu.party.commit_place`); else that waits on a thread. A thread that ran the
statements too would fight the event loop for the interpreter at every one of them, at several times their cost. A group that finds
the file locked by somebody else's tool goes to the thread as a whole, because only the thread may wait for the lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

from warifu.errors import Reason, WarifuError
from warifu.party.commit_place import CommitPlace

__all__ = ["FileEngine", "connect"]

Connection = TypeVar("Connection", bound=sqlite3.Connection)

_LOCK_MS = 5_000  # how long a group waits for somebody else to let go of the file
_CHECKPOINT_PAGES = 8_000  # 32 MB: under load a page changes many times before it is copied into the database file


def connect(path: Path, kind: type[Connection]) -> Connection:
    """A connection to the file, durable in WAL mode. Raises: sqlite3.Error."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=_LOCK_MS / 1000, factory=kind
    )
    with ExitStack() as opened:
        opened.callback(connection.close)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        opened.pop_all()
    return connection


class FileEngine:
    """See :class:`warifu.party.group_writer.Engine`. ``seconds`` is any clock that never goes back."""

    on_loop = True

    def __init__(self, path: Path, unavailable: Reason, seconds: Callable[[], float]) -> None:
        """Raises: sqlite3.Error."""
        self._name = path.name
        self._unavailable = unavailable
        self._seconds = seconds
        self._place = CommitPlace()
        self.connection = connect(path, sqlite3.Connection)

    def run(self, mutations: Sequence[Callable[[sqlite3.Connection], Any]]) -> list[Any]:
        """See the contract."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            return [mutation(self.connection) for mutation in mutations]
        except BaseException:
            self._roll_back()
            raise

    def commit(self) -> None:
        """Wait for the disk. See the contract."""
        try:
            self.connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def commits_on_loop(self, records: int) -> bool:
        """See the contract."""
        return self._place.is_loop(records)

    def commit_on_loop(self) -> None:
        """See the contract."""
        began = self._seconds()
        try:
            self.commit()
        finally:
            self._place.took(self._seconds() - began)

    def patient(self, patient: bool) -> None:
        """See the contract."""
        self.connection.execute(f"PRAGMA busy_timeout={_LOCK_MS if patient else 0}")

    def is_of_all(self, error: BaseException) -> bool:
        """Whether somebody else writes to the file: no fault of any mutation, and it passes."""
        return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY

    def told(self, error: BaseException) -> Exception:
        """The disk's faults, a damaged file among them, are the store's; all others are the mutation's own."""
        own = isinstance(error, Exception) and not isinstance(error, sqlite3.OperationalError | sqlite3.InternalError)
        if own and type(error) is not sqlite3.DatabaseError:
            return cast(Exception, error)
        return self.failure(error)

    def failure(self, error: BaseException) -> WarifuError:
        """The store's reason."""
        # SQLite's own words for these ("database or disk is full") name no value; the parameters are never in them.
        return WarifuError(self._unavailable, where=self._name, debug=str(error))

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
