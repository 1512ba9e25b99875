"""Time, as an argument.

Decides how the rest of the code learns what time it is: always from a :class:`Clock` it was handed, never from the
system directly, so that a test or a scenario can say what time it is. It knows nothing of what the time is used for.

Wall-clock time only. Durations (deadlines, how long a call took) come from the event loop or ``time.monotonic``.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

__all__ = ["MINUTE_MS", "Clock", "ManualClock", "SystemClock", "day_in_japan", "whole_minute"]

MINUTE_MS = 60_000
"""A minute in milliseconds."""

_JAPAN = timezone(timedelta(hours=9))  # it has no summer time


def day_in_japan(moment: datetime) -> date:
    """The calendar day of an aware time in Japan: what publication dates and processing numbers mean by a day."""
    return moment.astimezone(_JAPAN).date()


def whole_minute(unix_ms: int) -> int:
    """The beginning of the minute, in Unix milliseconds: all that signed messages and records say of the time.

    The law's record needs the date and time of a request (Act, Article 23(1)(ii)). Anything finer would let providers that lay
    their records side by side tell which of them are about one case.
    """
    return unix_ms - unix_ms % MINUTE_MS


class Clock(Protocol):
    """Something that knows what time it is."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""

    def unix_ms(self) -> int:
        """The time as whole milliseconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    def now(self) -> datetime:
        """The machine's time, aware, in UTC."""
        return datetime.now(UTC)

    def unix_ms(self) -> int:
        """The machine's time in whole milliseconds since 1970."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is told to move. It may be set back, as a real one may."""

    __slots__ = ("_now",)

    def __init__(self, start: datetime) -> None:
        """Start at ``start``. Raises: ValueError when that is not an aware time."""
        self._now = _in_utc(start)

    def now(self) -> datetime:
        """The time this clock was last told, aware, in UTC."""
        return self._now

    def unix_ms(self) -> int:
        """The same in whole milliseconds since 1970."""
        return (self._now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``, or back when it is negative."""
        self._now += by

    def set(self, now: datetime) -> None:
        """Jump to ``now``. Raises: ValueError when that is not an aware time."""
        self._now = _in_utc(now)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a clock needs an aware time")
    return moment.astimezone(UTC)
