"""A party's clock, which may be wrong for the length of one call.

Decides that only the task that serves such a call sees the wrong time. What it begins goes on by the right one: what a node
notes of an exchange later must not be minutes old when it is new, or it would miss it in the hub's log.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from warifu.clock import Clock

__all__ = ["SkewedClock", "be_off_by"]


class _Off:
    """By how much, in milliseconds, and for which task: the first that looks."""

    __slots__ = ("ms", "task")

    def __init__(self, ms: int) -> None:
        self.ms = ms
        self.task: asyncio.Task[Any] | None = None

    def here(self) -> int:
        try:
            task = asyncio.current_task()
        except RuntimeError:  # a worker's thread is no task
            return 0
        self.task = self.task or task
        return self.ms if self.task is task else 0


_off: ContextVar[_Off | None] = ContextVar("off", default=None)


def be_off_by(skew_ms: int) -> None:
    """The next task that looks at a clock, of the calling one and those that it begins, sees one ahead by ``skew_ms``.

    That task does so until it is told otherwise, and no other does.
    """
    _off.set(_Off(skew_ms) if skew_ms else None)


class SkewedClock:
    """``true``, but where :func:`be_off_by` said otherwise."""

    __slots__ = ("_true",)

    def __init__(self, true: Clock) -> None:
        self._true = true

    def now(self) -> datetime:
        """See :class:`warifu.clock.Clock`."""
        return self._true.now() + timedelta(milliseconds=_off_ms())

    def unix_ms(self) -> int:
        """See :class:`warifu.clock.Clock`."""
        return self._true.unix_ms() + _off_ms()


def _off_ms() -> int:
    off = _off.get()
    return 0 if off is None else off.here()
