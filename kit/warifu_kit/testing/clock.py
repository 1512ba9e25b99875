"""The clock of a network, as a test moves it: all parties at once, and back when the test is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from warifu_kit.network.settable_clock import SettableClock

__all__ = ["NetworkClock"]


class NetworkClock:
    """What time it is for the parties. It runs on from where it was set."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The parties' time, aware, in UTC."""
        return self._clock.now()

    def set(self, now: datetime) -> None:
        """Have parties take it for ``now``. Raises: ValueError unless aware and within four years of the machine's time."""
        self._clock.set(now)

    def advance(self, **by: float) -> None:
        """Move on by ``days=``, ``hours=``, …, as of :class:`datetime.timedelta`; back where negative. Raises: as :meth:`set`."""
        self._clock.advance(timedelta(**by))

    def reset(self) -> None:
        """Back to the machine's time."""
        self._clock.reset()
