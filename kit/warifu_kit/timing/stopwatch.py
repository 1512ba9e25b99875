"""What one party notes of one call whose caller asked for times.

Decides what is told of it: the party's own time and what it waited, to the millisecond, then what the party that it called told.
It knows no gRPC.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from warifu.rpc.hops import Hop, hops_text

__all__ = ["WATCH", "Stopwatch"]


@dataclass(slots=True)
class Stopwatch:
    """Runs from when it is made. ``beyond`` is what the party that was called last told."""

    role: str
    began_s: float = field(default_factory=time.perf_counter)
    waited_s: float = 0.0
    beyond: tuple[Hop, ...] = ()

    def told(self) -> str:
        """All that is told up to now, as a line."""
        took_ms = round((time.perf_counter() - self.began_s) * 1000)
        return hops_text([Hop(self.role, took_ms, min(took_ms, round(self.waited_s * 1000))), *self.beyond])


WATCH: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)
"""That of the call which this task serves."""
