"""What is known of a run already, in its folder, so that the same command goes on where one was broken off.

Decides that a folder is of one file and one agency, that one run at a time works in it, that what was written is on disk before
the next rows are asked, and that a line which was cut off is as if it had not been written. It holds what was provided about
people, as the file of results does: both are for their owner alone. Must never know: what a row asks.

    first line   the run: its key, the file's digest, network and agency
    each other   one row's final end, by the line of the file that it stands on
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.pki import write_private_file
from warifu_kit.bulk.order import KEY_SIZE
from warifu_kit.bulk.told import End

__all__ = ["JOURNAL_FILE", "Journal"]

JOURNAL_FILE: Final = "journal.jsonl"
_LOCK_FILE: Final = "journal.lock"
_NOTICE: Final = "SIMULATED people. Keep it until all rows have ended: it says which were asked."


class Journal:
    """The journal of one run, open. A context manager. ``ends`` are the rows that have ended for good, by line."""

    def __init__(self, folder: Path, about: Mapping[str, str]) -> None:
        """Go on with the run in ``folder``, or begin one there. ``about`` is what it must be of, word for word.

        Raises:
            WarifuError: PATH_UNUSABLE when another run works there, when it is of something else, or the disk refuses;
                FILE_INVALID, as file:line, when its journal is none.
        """
        self.ends: dict[int, End] = {}
        self._path = folder / JOURNAL_FILE
        with ExitStack() as opened:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                opened.enter_context(_claimed(folder))
                self.key = self._begun(about) if not self._path.exists() else self._read(about)
                self._file: IO[bytes] = opened.enter_context(self._path.open("ab", buffering=0))
            except OSError as error:
                raise WarifuError(
                    Reason.PATH_UNUSABLE, where=f"{error.filename or folder}: {error.strerror}"
                ) from error
            self._open = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def add(self, ends: Mapping[int, End]) -> None:
        """Put more ends on disk: all of them, or, when this raises, none. Raises: PATH_UNUSABLE."""
        if not ends:
            return
        lines = b"".join(_line({"line": line, **end.to_json()}) for line, end in ends.items())
        size = os.fstat(self._file.fileno()).st_size
        try:
            _write_whole(self._file.fileno(), lines)
            os.fdatasync(self._file.fileno())
        except OSError as error:
            os.ftruncate(self._file.fileno(), size)
            raise WarifuError(Reason.PATH_UNUSABLE, where=f"{self._path}: {error.strerror}") from error
        self.ends.update(ends)

    def _begun(self, about: Mapping[str, str]) -> bytes:
        key = secrets.token_bytes(KEY_SIZE)
        write_private_file(self._path, _line({"notice": _NOTICE, **about, "key": key.hex()}))
        return key

    def _read(self, about: Mapping[str, str]) -> bytes:
        """The run's key; what was ended is in ``ends`` then. A last line that was cut off is taken off the file."""
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        number = 1
        try:
            first, *others = whole.splitlines() or [b""]
            beginning = json.loads(first)
            key = bytes.fromhex(beginning["key"])
            told = {name: beginning[name] for name in about}
            for line in others:
                number += 1
                end = json.loads(line)
                self.ends[int(end["line"])] = End.from_json(end)
        except (KeyError, TypeError, ValueError):
            raise WarifuError(Reason.FILE_INVALID, where=f"{self._path}:{number}: is no line of a journal") from None
        if told != about:
            differs = ", ".join(name for name in about if told[name] != about[name])
            where = f"{self._path.parent}: is of another run ({differs}); choose another folder"
            raise WarifuError(Reason.PATH_UNUSABLE, where=where)
        if len(whole) < len(content):
            os.truncate(self._path, len(whole))
        return key


def _claimed(folder: Path) -> IO[str]:
    try:
        return claim(folder / _LOCK_FILE)
    except BlockingIOError:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{folder}: another run works here") from None


def _write_whole(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _line(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=True) + "\n").encode("ascii")
