"""How often something may happen: so many times at once, and from then on so many times a second.

Pure: the time is an argument. One bucket knows one member; :class:`Buckets` has one for each, and forgets full ones.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

__all__ = ["Buckets", "Rate"]

_FORGET_ABOVE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``burst`` times at once, then ``per_second``."""

    per_second: float
    burst: int


class Buckets:
    """A bucket for each member, full when it is first asked for. ``now`` is in seconds, from any clock that never goes back."""

    __slots__ = ("_levels", "_rate")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._levels)

    def level(self, member: Hashable, now: float) -> float:
        """How many times it may still happen now."""
        level, then = self._levels.get(member, (float(self._rate.burst), now))
        return min(float(self._rate.burst), level + (now - then) * self._rate.per_second)

    def take(self, member: Hashable, now: float, times: int = 1) -> bool:
        """Whether it may happen now; it then counts, as so many ``times``, and what that is too much is owed."""
        level = self.level(member, now)
        taken = level >= 1.0
        self._levels[member] = (level - times if taken else level, now)
        if len(self._levels) > _FORGET_ABOVE:
            self._forget(now)
        return taken

    def owe(self, member: Hashable, now: float) -> float:
        """Let it happen in any case, and count it: in how many seconds it is that member's turn, 0 for at once."""
        level = self.level(member, now) - 1.0
        self._levels[member] = (level, now)
        if len(self._levels) > _FORGET_ABOVE:
            self._forget(now)
        return max(0.0, -level / self._rate.per_second)

    def _forget(self, now: float) -> None:
        full = [member for member in self._levels if self.level(member, now) >= self._rate.burst]
        for member in full:
            del self._levels[member]
