"""Whether one more call can still be ended in time; looked at before anything is done for it.

A party that is asked more than it can do does most when it ends what it has begun and says no to the rest at once: whatever it
begins and cannot end in time is lost, with all that was done for it. Decides that by what is under way and by how long
calls took that ended lately. Whoever is refused so was not looked at, so it says nothing of who asks or of what; it is told
after which time there may be room. Knows neither gRPC nor what is asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = ["LET_IN", "Backlog"]

LET_IN: Final = 64
"""With fewer under way every call is let in, whatever its deadline: how long those before it took says little of it."""

_LEARNING: Final = 1 / 32
_SLOWEST: Final = 2  # times the usual, the slowest of a hundred take
_SOONEST_S, _LATEST_S = 0.05, 5.0


class Backlog:
    """The calls of one kind that are under way at one process.

    ``where`` is where somebody is told to have been refused; ``now`` any clock that never goes back, in seconds.
    """

    __slots__ = ("_now", "_under_way", "_usual_s", "_where")

    def __init__(self, *, where: str = "", now: Callable[[], float] = time.monotonic) -> None:
        self._where = where
        self._now = now
        self._under_way = 0
        self._usual_s = 0.0

    def check(self, left: float | None, most: int) -> None:
        """See that one more call, with ``left`` seconds (None: no deadline), may begin beside ``most`` less one.

        Raises: OVERLOADED, and when to ask again.
        """
        hopeless = left is not None and left < _SLOWEST * self._usual_s and self._under_way >= LET_IN
        if hopeless or self._under_way >= most:
            raise self.refusal(self._where)

    def refusal(self, where: str) -> WarifuError:
        """OVERLOADED at ``where``. To be asked again when about all that is under way has ended."""
        pause_s = min(max(self._usual_s, _SOONEST_S), _LATEST_S)
        return WarifuError(Reason.OVERLOADED, where=where, retry_after_s=pause_s)

    def begin(self) -> Callable[[], None]:
        """One more is under way, until what this gives is called, once."""
        self._under_way += 1
        began = self._now()

        def end() -> None:
            self._under_way -= 1
            self._usual_s += (self._now() - began - self._usual_s) * _LEARNING

        return end

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a call's work in this, once it was checked."""
        end = self.begin()
        try:
            yield
        finally:
            end()
