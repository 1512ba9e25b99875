"""The file of a recording: made for its owner alone, added to a line at a time, read as a whole.

Decides that a file which is there is never written over, how large one becomes, and that a bad one is refused whole, with
the line at fault.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu_kit.recording.recorded import Beginning, RecordedCall, begins_with, call_in

__all__ = ["MOST_BYTES", "Recording", "add_line", "begin_file", "read_recording"]

MOST_BYTES: Final = 64 * 2**20
"""The largest file. It is read as a whole, and a recording that nobody ends would fill the disk."""


@dataclass(frozen=True, slots=True)
class Recording:
    """``calls`` are by the lines of the file that they stand in, the first being 2."""

    path: Path
    beginning: Beginning
    calls: dict[int, RecordedCall]


def begin_file(path: Path, beginning: Beginning) -> None:
    """Make the file with its first line, mode 0600. Raises: PATH_UNUSABLE, also when there is one."""
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "wb") as file:
            file.write(f"{beginning.to_json()}\n".encode())
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error


def add_line(path: Path, line: str) -> None:
    """Add a line, whole and at once, to a file that is there. Raises: OSError, EFBIG when it is full."""
    appending = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        whole = f"{line}\n".encode()
        if os.fstat(appending).st_size + len(whole) > MOST_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        written = os.write(appending, whole)
        if written < len(whole):  # a disk that is full; half a line would spoil the file
            os.ftruncate(appending, os.fstat(appending).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(appending)


def read_recording(path: Path) -> Recording:
    """A whole recording, its calls in the order in which they began. Raises: FILE_INVALID, as file:line; PATH_UNUSABLE."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: not UTF-8") from None
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: {error.strerror}") from error
    first, *others = text.split("\n")
    number = 1
    try:
        beginning = begins_with(first)
        if others[-1:] != [""]:
            number = len(others) + 1
            raise ValueError("the line is cut off")
        calls = {}
        for number, line in enumerate(others[:-1], 2):  # the fault's place
            calls[number] = call_in(line)
    except ValueError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}:{number}: {error}") from None
    return Recording(path, beginning, dict(sorted(calls.items(), key=lambda each: each[1].at_ms)))
