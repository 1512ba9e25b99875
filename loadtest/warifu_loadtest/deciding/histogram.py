"""How long calls took, kept so that any percentile can be read later and parts can be put together.

Decides which times count as equal: those that agree in their first eleven binary digits, so that nothing read from it is
off by more than a thousandth, from a microsecond to hours (what HdrHistogram keeps with three digits). Least and greatest are
kept as they were. It knows nothing of what took the time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["PERCENTILES", "Histogram"]

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)
"""Those that a report shows, beside the greatest."""

_DIGITS = 11


class Histogram:
    """Times in microseconds, whole and not negative."""

    __slots__ = ("_counts", "count", "greatest", "least", "total")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.total = 0
        self.least = 0
        self.greatest = 0

    def add(self, took_us: int) -> None:
        """Count one time. Raises: ValueError for a negative one."""
        if took_us < 0:
            raise ValueError("a time is not negative")
        bucket = _last_of_bucket(took_us)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self.least = took_us if self.count == 0 else min(self.least, took_us)
        self.greatest = max(self.greatest, took_us)
        self.count += 1
        self.total += took_us

    def merge(self, other: Histogram) -> None:
        """Count what ``other`` counted, too."""
        if not other.count:
            return
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self.least = other.least if self.count == 0 else min(self.least, other.least)
        self.greatest = max(self.greatest, other.greatest)
        self.count += other.count
        self.total += other.total

    def percentile(self, percent: float) -> int:
        """The least time that ``percent`` (0 to 100) of all did not exceed, at most a thousandth too long; 0 of none."""
        wanted = max(1, math.ceil(round(self.count * percent / 100, 9)))
        seen = 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return max(self.least, min(bucket, self.greatest))
        return 0

    @property
    def mean(self) -> float:
        """The mean, exactly; 0 of none."""
        return self.total / self.count if self.count else 0.0

    def buckets(self) -> list[tuple[int, int]]:
        """Each bucket's longest time and how many are in it, from the shortest."""
        return sorted(self._counts.items())

    def told(self) -> dict[str, Any]:
        """As plain values, for a message or a file."""
        return {
            "least": self.least,
            "greatest": self.greatest,
            "total": self.total,
            "buckets": [list(each) for each in self.buckets()],
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Histogram:
        """What :meth:`told` gave."""
        found = cls()
        found._counts = {int(bucket): int(count) for bucket, count in told["buckets"]}
        found.count = sum(found._counts.values())
        found.least, found.greatest, found.total = told["least"], told["greatest"], told["total"]
        return found

    @classmethod
    def of(cls, times_us: Iterable[int]) -> Histogram:
        """One that counts these."""
        found = cls()
        for took_us in times_us:
            found.add(took_us)
        return found


def _last_of_bucket(value: int) -> int:
    shift = max(0, value.bit_length() - _DIGITS)
    return (((value >> shift) + 1) << shift) - 1
