"""Memory that a process had use for and has no more goes back to the system.

The C library keeps what was freed, for the next time. So what connections take (buffers of some 17 KiB) is had from the
system piece by piece, and goes back piece by piece; and once a party takes much more than it did at its least, as after a
flood, the library is asked to give back what else it can. Decides from what size on, and when; where the system has no such
C library nothing happens. How often Python looks for objects that hold each other in circles is decided here, too.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["NEW_OBJECTS", "OWN_PIECE", "Memory", "look_for_circles_rarely", "resident_bytes", "trim", "use_own_pieces"]

OWN_PIECE = 17 * 1024
"""From how many bytes on an allocation is a piece of the system's own, which goes back when freed: just what TLS has two of a
connection. To end one was seen to take memory first; that they are overwritten before they are freed is inferred from sizes."""

NEW_OBJECTS = 10_000
"""After how many objects more than were freed Python looks for circles among the new ones: a message of 192 rows makes that many
and frees all of them by itself. With Python's own 700 it looks at those that are under way again and again, for a twentieth of the time."""

_M_MMAP_THRESHOLD = -3  # <malloc.h>

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


def use_own_pieces() -> None:
    """Have the C library ask the system for each allocation of ``OWN_PIECE`` bytes or more.

    Left to itself it does from 128 KiB on, and from ever more once such pieces are freed; smaller ones it cuts from heaps,
    where one piece in use keeps all that is free below it.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, OWN_PIECE)


def look_for_circles_rarely() -> None:
    """Have Python look for circles after ``NEW_OBJECTS``; how often it then looks at older ones stays as it was."""
    _, older, oldest = gc.get_threshold()
    gc.set_threshold(NEW_OBJECTS, older, oldest)


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
