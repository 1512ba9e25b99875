"""Copying several parties' SQLite files while their processes write: all of them as they were at one moment.

Decides how one moment is had. Every file's write lock is taken, none is let go before all are held, and a reader is opened
on each; then the locks go and the readers, which go on seeing that moment, are copied by SQLite's online backup API.
While the locks are held nobody commits, and no party sends what it has not committed. So no copy holds what came of
something that another copy lacks: together they are as a power cut would have left them all.

A party that meets the lock waits for it (``warifu.party.database``), up to five seconds; the locks are held for some
milliseconds. A file is never copied by reading its bytes: what was committed last lies in the log beside it.

It knows nothing of what is stored.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.pki import keep_private

__all__ = ["Snapshot", "check_database", "one_moment"]

_HELD_AT_MOST_S: Final = 1.0  # a fifth of what a party waits
_TRIES: Final = 20
_ROUND_S: Final = 0.0005
_PAUSE_S: Final = 0.1
_PAGES_AT_ONCE: Final = 256


class Snapshot:
    """One file as it was at the moment. ``pages`` is its size in pages."""

    def __init__(self, path: Path, reader: sqlite3.Connection) -> None:
        self.path = path
        self._reader = reader
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read begins what it sees
        (self.pages,) = reader.execute("PRAGMA page_count").fetchone()

    def write_to(self, copy: Path, progress: Callable[[int], None] = lambda _: None) -> dict[str, int]:
        """Write the file as it was to ``copy``, one file that needs no other beside it; how many rows each table has.

        ``progress`` is told how many more pages are done.

        Raises:
            WarifuError: STORE_UNAVAILABLE when the disk refuses, or when the file is damaged.
        """
        told = 0

        def on_pages(_: int, left: int, total: int) -> None:
            nonlocal told
            progress(total - left - told)
            told = total - left

        keep_private(copy)
        with _faults_told(self.path), closing(sqlite3.connect(copy, isolation_level=None)) as to:
            self._reader.backup(to, pages=_PAGES_AT_ONCE, progress=on_pages)
            to.execute("PRAGMA journal_mode=DELETE")
            _must_be_whole(self.path, to)
            return _rows_by_table(to)


@contextmanager
def one_moment(databases: Sequence[Path]) -> Iterator[list[Snapshot]]:
    """Snapshots of ``databases`` at one moment. The first should be the one all others wait for: then the rest idle.

    Raises:
        WarifuError: STORE_UNAVAILABLE when a file cannot be opened, or somebody else keeps one locked.
    """
    with ExitStack() as opened:
        writers = [opened.enter_context(closing(_connect(path))) for path in databases]
        readers = [opened.enter_context(closing(_connect(path))) for path in databases]
        _lock_all(databases, writers)
        try:
            snapshots = []
            for path, reader in zip(databases, readers, strict=True):
                with _faults_told(path):
                    reader.execute("BEGIN")
                    snapshots.append(Snapshot(path, reader))
        finally:
            _unlock(writers)
        yield snapshots


def check_database(path: Path) -> None:
    """See that a file that nobody writes to is a whole database. Raises: FILE_INVALID, naming it."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: {error}") from error
    if found != ("ok",):
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: is damaged")


def _connect(path: Path) -> sqlite3.Connection:
    with _faults_told(path):
        # "rw": a file that is not there is not made.
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=0)


def _lock_all(databases: Sequence[Path], writers: Sequence[sqlite3.Connection]) -> None:
    """Hold every write lock at once; when that takes too long, let all go and begin again, so that nobody waits long."""
    locked: Path | None = None
    for _ in range(_TRIES):
        give_up = time.monotonic() + _HELD_AT_MOST_S
        locked = next(
            (path for path, writer in zip(databases, writers, strict=True) if not _lock(path, writer, give_up)), None
        )
        if locked is None:
            return
        _unlock(writers)
        time.sleep(_PAUSE_S)
    raise WarifuError(Reason.STORE_UNAVAILABLE, where=f"{locked}: another program keeps it locked; end that one first")


def _lock(path: Path, writer: sqlite3.Connection, give_up: float) -> bool:
    while True:
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise _failure(path, error) from error
        except sqlite3.Error as error:
            raise _failure(path, error) from error
        else:
            return True
        if time.monotonic() >= give_up:
            return False
        time.sleep(_ROUND_S)


def _unlock(writers: Sequence[sqlite3.Connection]) -> None:
    for writer in writers:
        if writer.in_transaction:
            writer.execute("ROLLBACK")


def _must_be_whole(path: Path, copy: sqlite3.Connection) -> None:
    if copy.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise WarifuError(Reason.STORE_UNAVAILABLE, where=f"{path}: is damaged")


def _rows_by_table(connection: sqlite3.Connection) -> dict[str, int]:
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    tables = [name for (name,) in connection.execute(names)]
    counted = ((name, connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()) for name in tables)  # noqa: S608  # its own tables' names
    return {name: rows for name, (rows,) in counted}


@contextmanager
def _faults_told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _failure(path, error) from error


def _failure(path: Path, error: sqlite3.Error) -> WarifuError:
    # SQLite's own words name no value.
    return WarifuError(Reason.STORE_UNAVAILABLE, where=f"{path}: {error}", debug=str(error))
