"""The hub's public log key as a command is given it: a file, or the text itself; and other small files beside it."""

from __future__ import annotations

from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.saved_text import without_mark

__all__ = ["key_text", "read_small"]

_LARGEST = 4096


def key_text(key: str) -> str:
    """The verifier key: what the file holds, or the text itself, which has two plus signs and no file is called.

    Raises: FILE_INVALID.
    """
    path = Path(key)
    if key.count("+") >= 2 and not path.exists():
        return key
    return read_small(path, "key").decode("utf-8", errors="replace").strip()


def read_small(path: Path, what: str) -> bytes:
    """The first 4,096 bytes of a file that is ``what``. Raises: FILE_INVALID."""
    try:
        with path.open("rb") as file:
            return without_mark(file.read(_LARGEST))
    except OSError as error:
        where = f"{path}: the {what} cannot be read ({error.strerror})"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None
