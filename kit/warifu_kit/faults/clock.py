"""A party's clock, which may be wrong for the length of one call.

Decides that only the task that serves such a call, and what it begins, sees the wrong time.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta

from warifu.clock import Clock

__all__ = ["SkewedClock", "be_off_by"]

_off_ms: ContextVar[int] = ContextVar("off_ms", default=0)


def be_off_by(skew_ms: int) -> None:
    """From now on the calling task, and those it begins, see a clock that is ahead by ``skew_ms`` milliseconds."""
    _off_ms.set(skew_ms)


class SkewedClock:
    """``true``, but where :func:`be_off_by` said otherwise."""

    __slots__ = ("_true",)

    def __init__(self, true: Clock) -> None:
        self._true = true

    def now(self) -> datetime:
        """See :class:`warifu.clock.Clock`."""
        return self._true.now() + timedelta(milliseconds=_off_ms.get())

    def unix_ms(self) -> int:
        """See :class:`warifu.clock.Clock`."""
        return self._true.unix_ms() + _off_ms.get()
