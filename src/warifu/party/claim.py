"""Claiming a file, so that no second process works with what it stands for.

Decides that a claim ends with the process that made it, however it ends, and that a disk which knows no locks is told
from one that is claimed. What is claimed, it does not know.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import IO

__all__ = ["claim", "is_claimed"]

_WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


def claim(path: Path, *, wait: bool = False) -> IO[str]:
    """Make ``path`` if need be and claim it; close what is given back to let go.

    Raises:
        BlockingIOError: another process has it; with ``wait`` its end is waited for instead.
        OSError: it cannot be written, or its file system has no locks, which its text then says.
    """
    held = open(path, "w", encoding="ascii", opener=_for_its_owner)  # noqa: SIM115  # pathlib's knows no opener
    try:
        fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise
    except OSError as error:
        held.close()
        why = error.strerror or "it cannot be locked"
        if error.errno in _WITHOUT_LOCKS:
            why = f"the file system cannot lock files ({error.strerror}); use a folder on a local disk"
        raise OSError(error.errno, why, str(path)) from error
    return held


def _for_its_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def is_claimed(path: Path) -> bool:
    """Whether some process has claimed ``path``; nobody can where the file system has no locks."""
    try:
        with path.open("rb") as looked_at:
            fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
