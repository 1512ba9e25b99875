"""Memory that a process had use for and has no more goes back to the system.

The C library keeps what was freed, for the next time. After a flood that is most of what a party takes, so once it takes much
more than it did at its least, it is asked to give back what it can. Decides when; where the system has no such C library
nothing happens.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["Memory", "resident_bytes", "trim"]

_STATM = Path("/proc/self/statm")
_MORE = 1.1
_WORTH_IT = 2 * 1024 * 1024
_LONGEST_PAUSE = 16


def resident_bytes() -> int | None:
    """Resident memory of this process; None where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return None


def trim() -> None:
    """Give back what is free. Takes some milliseconds, in which other threads that need memory wait."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Memory:
    """Looks at the memory of this process now and then: once a second."""

    def __init__(
        self, resident: Callable[[], int | None] = resident_bytes, give_back: Callable[[], None] = trim
    ) -> None:
        self._resident = resident
        self._give_back = give_back
        self._least: int | None = None
        self._pause = self._left = 1

    def look(self) -> bool:
        """Give memory back where that may bring something; whether it was tried.

        What brought nothing is tried ever less often: after one look, two, and so on to sixteen.
        """
        before = self._resident()
        if before is None:
            return False
        self._least = before if self._least is None else min(self._least, before)
        self._left -= 1
        if before <= _MORE * self._least or self._left > 0:
            return False
        self._give_back()
        gained = before - (self._resident() or before)
        self._pause = 1 if gained >= _WORTH_IT else min(2 * self._pause, _LONGEST_PAUSE)
        self._left = self._pause
        return True
