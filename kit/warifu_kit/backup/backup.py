"""Backing up a network that is up, or down: every party's folder as it was at one moment.

Decides what belongs to a network's state and what does not (locks, the logs of processes, what SQLite keeps beside a
file), and that databases and the keys they belong to are of one moment: when a key, certificate or setting is replaced
meanwhile, it begins again. A backup holds every secret of every party, and the root's; it is readable by its owner only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.network_file import NetworkFile, read_network_file
from warifu.party.snapshot import Snapshot, one_moment
from warifu_hub.store_copy import checkpoint_in, forget_endpoints_in
from warifu_kit.backup.manifest import (
    MANIFEST_FILE,
    CopiedDatabase,
    CopiedFile,
    LogState,
    Manifest,
    is_inside,
    measured,
)
from warifu_kit.network.one_party import HUB, unfinished_folder

__all__ = ["REPLACED", "back_up", "write_synced"]

REPLACED = ".replaced-"
"""In the name of a party's folder that a restored one has replaced."""

_NOTICE = "SIMULATED. Holds every secret of the network; whoever reads it can act as any of its parties."
_DATABASE = ".sqlite3"
_NOT_STATE = ("-wal", "-shm", "-journal", ".lock")
_LOG = "party.log"
_TRIES = 5

Progress = Callable[[int, int], None]
"""Told how many more pages of the databases are copied, and how many there are in all."""


def back_up(network: Path, out: Path, *, clock: Clock | None = None, progress: Progress = lambda *_: None) -> Manifest:
    """Copy the network in ``network`` to ``out``, which must not exist or be empty. Appears whole or not at all.

    ``out`` is open to its owner only (0700). What is in it is in its ``manifest.json``, which is returned.

    Raises:
        WarifuError: CONFIG_INVALID when there is no network; PATH_UNUSABLE when ``out`` is in use or cannot be written;
            STORE_UNAVAILABLE when a database is damaged or kept locked, or files change all the time.
    """
    described = read_network_file(network)
    source, target = Path(os.path.realpath(network)), Path(os.path.realpath(out))
    if target.is_relative_to(source):
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{out}: lies in the network's own folder")
    try:
        if target.exists() and any(target.iterdir()):
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{out}: is not empty")
        with unfinished_folder(target.parent) as unfinished:
            manifest = _Copying(source, unfinished, described, clock or SystemClock(), progress).copy()
            unfinished.rename(target)  # an empty folder gives way
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or out}: {error.strerror}") from error
    return manifest


class _Copying:
    """One backup; lives for the length of :func:`back_up`."""

    def __init__(self, source: Path, to: Path, described: NetworkFile, clock: Clock, progress: Progress) -> None:
        self._source = source
        self._to = to
        self._described = described
        self._clock = clock
        self._progress = progress

    def copy(self) -> Manifest:
        for _ in range(_TRIES):
            before = _fingerprints(self._source)
            with one_moment(self._databases()) as snapshots:
                made_at = self._clock.now()
                files = [self._copy_file(path) for path in _files(self._source)]
                if _fingerprints(self._source) == before:
                    databases = self._copy_databases(snapshots)
                    break
            self._forget(files)
        else:
            raise WarifuError(
                Reason.STORE_UNAVAILABLE, where=f"{self._source}: its files change all the time; try again"
            )
        manifest = Manifest(
            notice=_NOTICE,
            format=1,
            made_at=made_at.isoformat(timespec="milliseconds"),
            network=self._described.network,
            parties=list(self._described.parties),
            files=files,
            databases=databases,
            log=self._log_state(databases),
        )
        write_synced(self._to / MANIFEST_FILE, manifest.text().encode(), 0o600)
        return manifest

    def _databases(self) -> list[Path]:
        """The hub's first: while it is locked no exchange goes on, and the others come to rest."""
        found = [path for path in _walk(self._source) if path.name.endswith(_DATABASE)]
        return sorted(found, key=lambda path: (path.parent.name != HUB, path))

    def _copy_databases(self, snapshots: Sequence[Snapshot]) -> list[CopiedDatabase]:
        pages = sum(snapshot.pages for snapshot in snapshots)
        copied = []
        for snapshot in snapshots:
            relative = snapshot.path.relative_to(self._source)
            copy = self._place(relative)
            rows = snapshot.write_to(copy, lambda count: self._progress(count, pages))
            if relative.parts[0] == HUB:
                forget_endpoints_in(copy)
                rows["endpoint"] = 0
            mode = _mode(snapshot.path)
            copy.chmod(mode)
            size, digest = measured(copy)
            copied.append(
                CopiedDatabase(path=relative.as_posix(), size=size, sha256=digest, mode=f"{mode:03o}", rows=rows)
            )
        return copied

    def _copy_file(self, path: Path) -> CopiedFile:
        relative, mode = path.relative_to(self._source), _mode(path)
        copy = self._place(relative)
        write_synced(copy, path.read_bytes(), mode)
        size, digest = measured(copy)
        return CopiedFile(path=relative.as_posix(), size=size, sha256=digest, mode=f"{mode:03o}")

    def _place(self, relative: Path) -> Path:
        place = self._to / relative
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place

    def _forget(self, files: Sequence[CopiedFile]) -> None:
        for file in files:
            (self._to / file.path).unlink()

    def _log_state(self, databases: Sequence[CopiedDatabase]) -> LogState | None:
        for database in databases:
            if database.path.startswith(f"{HUB}/"):
                note = checkpoint_in(self._to / database.path)
                return LogState(size=database.rows["leaf"], checkpoint=note.decode() if note else None)
        return None


def _files(source: Path) -> list[Path]:
    """What is copied byte by byte: everything that is no database, no lock and no log of a process."""
    return [path for path in _walk(source) if not path.name.endswith(_DATABASE)]


def _walk(source: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and REPLACED not in name)
        for name in sorted(names):
            temporary = name.startswith((".", _LOG)) or name.endswith(_NOT_STATE)
            if not temporary and (path := Path(folder, name)).is_file():
                if not is_inside(path.relative_to(source).as_posix()):
                    where = f"{path}: a backup cannot hold a file of such a name; rename it, or move it away"
                    raise WarifuError(Reason.PATH_UNUSABLE, where=where)
                yield path


def _fingerprints(source: Path) -> dict[Path, tuple[int, int, int]]:
    found = {}
    for path in _files(source):
        seen = path.stat()
        found[path] = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
    return found


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o777


def write_synced(path: Path, content: bytes, mode: int) -> None:
    """Write a new file, whole and on the disk; a secret is readable by its owner alone from the first moment.

    Raises: OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
