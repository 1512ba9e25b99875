"""A clock that tests set: how far the parties of one network are from the machine's time.

Decides how it is told: eight bytes in a file of the network's folder, a signed little-endian number of milliseconds, which
every party of the network has mapped, so that all are told at once, whoever writes them. The time runs on from where it
was set. TLS itself goes by the machine's clock, so certificates of such a network are good five years to either side of
its making. Only parties that the kit starts have one, and only in a network that was made for it.
"""

from __future__ import annotations

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError

__all__ = ["CLOCK_FILE", "FARTHEST", "MADE_BEFORE", "VALID_DAYS", "SettableClock", "make_clock_file"]

CLOCK_FILE: Final = "clock"
"""The file in a network's folder."""

FARTHEST: Final = timedelta(days=4 * 365)
"""How far from the machine's time it can be set."""

MADE_BEFORE: Final = timedelta(days=5 * 365)
"""How long before its making the certificates of a network with such a clock become good."""

VALID_DAYS: Final = 10 * 365
"""For how many days they are good."""

_FORM: Final = struct.Struct("<q")
_MS: Final = timedelta(milliseconds=1)


def make_clock_file(path: Path) -> None:
    """A clock that goes by the machine's. Raises: OSError."""
    path.write_bytes(_FORM.pack(0))


class SettableClock:
    """The clock in ``path``: read by parties, set by tests. Raises: FILE_INVALID when there is none."""

    __slots__ = ("_mapped", "_path", "_real")

    def __init__(self, path: Path, real: Clock | None = None) -> None:
        """``real`` is the machine's clock unless given."""
        self._path = path
        self._real = real or SystemClock()
        try:
            with path.open("rb") as file:
                self._mapped = mmap.mmap(file.fileno(), _FORM.size, prot=mmap.PROT_READ)
        except (OSError, ValueError):
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: no clock of a network") from None

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's clock; negative behind it."""
        return self._offset_ms() * _MS

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self._real.now() + self.offset

    def unix_ms(self) -> int:
        """The time in whole milliseconds since 1970."""
        return self._real.unix_ms() + self._offset_ms()

    def set(self, now: datetime) -> None:
        """Have it say ``now``, an aware time, and run on from there. Raises: ValueError; as :meth:`advance`."""
        if now.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._write(now.astimezone(UTC) - self._real.now())

    def advance(self, by: timedelta) -> None:
        """Move it forward, or back where ``by`` is negative.

        Raises: ValueError when it would be more than :data:`FARTHEST` from the machine's time; OSError.
        """
        self._write(self.offset + by)

    def reset(self) -> None:
        """Have it go by the machine's clock again. Raises: OSError."""
        self._write(timedelta())

    def _offset_ms(self) -> int:
        (offset,) = _FORM.unpack_from(self._mapped)
        return int(offset)

    def _write(self, offset: timedelta) -> None:
        if abs(offset) > FARTHEST:
            raise ValueError(f"a network's clock is at most {FARTHEST.days} days from the machine's")
        descriptor = os.open(self._path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, _FORM.pack(-(-offset // _MS)), 0)
        finally:
            os.close(descriptor)
