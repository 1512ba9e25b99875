"""Writing key and certificate files, and noticing when they were replaced.

Decides how such a file gets onto the disk: whole or not at all, and a private one never readable by others, not even
for a moment, whatever the umask. Files that are written to bit by bit, databases and logs, are private likewise. It knows
nothing of what the bytes mean.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = [
    "FileWatch",
    "keep_private",
    "make_private_folder",
    "sync_folder",
    "write_private_file",
    "write_public_file",
]

_Seen = tuple[tuple[int, int, int] | None, ...]


def make_private_folder(path: Path) -> None:
    """Make the folder ``path``, for its owner only (0700). Raises: OSError, also when it is there."""
    path.mkdir(mode=0o700)
    path.chmod(0o700)  # a umask may have taken from the owner too


def write_private_file(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; readable by its owner only (0600). Raises: OSError."""
    _replace(path, content, 0o600)


def write_public_file(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content`` in one step; readable by everybody (0644). Raises: OSError."""
    _replace(path, content, 0o644)


def keep_private(path: Path) -> None:
    """See that ``path``, which may not be there yet, is its owner's only (0600) before anything is written to it.

    SQLite gives the files that it makes beside it the same mode. One that is there is not opened: closing it again would let
    go of SQLite's locks. Where it cannot be done this says nothing: whoever then opens the file finds out why.
    """
    with suppress(OSError):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if not path.is_file():
                return
        path.chmod(0o600)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write beside the file, sync, rename over it, sync the folder: a crash leaves the old file or the new one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See that the names in ``folder`` are on the disk, too. Raises: OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FileWatch:
    """Says when any of a few files was replaced, looking at the disk at most once per ``check_every_s`` seconds."""

    __slots__ = ("_check_every_s", "_monotonic", "_next_look", "_paths", "_seen")

    def __init__(
        self, paths: Sequence[Path], check_every_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._paths = tuple(paths)
        self._check_every_s = check_every_s
        self._monotonic = monotonic
        self._next_look = monotonic() + check_every_s
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether a file differs from when this was last asked. A file that went missing counts as changed."""
        return self.due() and self.look()

    def due(self) -> bool:
        """Whether it is time to look again; the next time is then ``check_every_s`` seconds away."""
        now = self._monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + self._check_every_s
        return True

    def look(self) -> bool:
        """Look now: whether a file differs from when it was last looked at."""
        seen, self._seen = self._seen, self._look()
        return seen != self._seen

    def _look(self) -> _Seen:
        return tuple(_fingerprint(path) for path in self._paths)


def _fingerprint(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
