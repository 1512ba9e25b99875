"""Where a reader's socket lies, and the door beside it.

Decides the name when none is given, that nobody but the owner can reach it, and that it is short enough for the system.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.pki.files import make_private_folder

__all__ = ["LONGEST_PATH", "VARIABLE", "ReaderPlace"]

VARIABLE: Final = "PCSCLITE_CSOCK_NAME"
"""The variable of the environment by which pcsc-lite's library finds a socket."""

LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path on Linux, without the zero behind it."""

_DOOR: Final = ".door"


@dataclass(frozen=True, slots=True)
class ReaderPlace:
    """The socket for programs, the door for ``warifu card``, and the claim on both."""

    socket: Path

    @property
    def door(self) -> Path:
        """Where commands of ``warifu card`` knock."""
        return self.socket.with_name(self.socket.name + _DOOR)

    @property
    def claim(self) -> Path:
        """What the one reader at this place holds."""
        return self.socket.with_name(self.socket.name + ".lock")

    @classmethod
    def of(cls, given: Path | None) -> ReaderPlace:
        """The place that was given, or this user's own. Raises: PATH_UNUSABLE, OSError."""
        socket = _own_folder() / "reader" if given is None else given.absolute()
        if len(os.fsencode(socket)) + len(_DOOR) > LONGEST_PATH:
            where = f"{socket}: a socket's path has at most {LONGEST_PATH - len(_DOOR)} bytes; use --socket with a shorter one"
            raise WarifuError(Reason.PATH_UNUSABLE, where=where)
        return cls(socket)


def _own_folder() -> Path:
    """A folder that is this user's alone: that of her session, or one in the folder for temporary files."""
    session = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(session) / "warifu-card" if session else Path(f"/tmp/warifu-card-{os.getuid()}")  # noqa: S108  # looked at below
    if not folder.exists():
        make_private_folder(folder)
    found = folder.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{folder}: is not a folder of yours alone; use --socket")
    return folder
