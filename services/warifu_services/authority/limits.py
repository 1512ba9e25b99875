"""How many numbers one agency may turn into codes, and how many it may try in vain, in a day.

Decides whether an agency is served, and since when it is so near its limit that somebody should look. An agency that holds a My
Number by law holds one that was designated: who asks for many that nobody has tries numbers out. A day's worth may be used at
once; what is used comes back evenly over a day. Kept in memory: starting the authority again fills everything up, which only
its operator can do.

It knows institutions and how many, never which number.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.rpc.token_bucket import Buckets, Rate

__all__ = ["CODES_A_DAY", "MISSES_A_DAY", "AcquisitionLimits"]

CODES_A_DAY: Final = 1_000_000
"""Codes that one agency gets in a day, unless the authority's folder says otherwise: the largest cities would need more, once."""

MISSES_A_DAY: Final = 1_000
"""Numbers that nobody has and that one agency may ask for in a day, unless the authority's folder says otherwise."""

_DAY_S: Final = 86_400.0
_NEAR: Final = 0.5  # of a day's worth


class AcquisitionLimits:
    """The limits of every agency at one authority. ``now``: seconds, from a clock that never goes back."""

    def __init__(
        self,
        *,
        codes_a_day: int = CODES_A_DAY,
        misses_a_day: int = MISSES_A_DAY,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._codes = _Limit("codes acquired", codes_a_day)
        self._misses = _Limit("numbers that nobody has", misses_a_day)
        self._now = now
        self._turns: defaultdict[InstitutionCode, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def turn(self, agency: InstitutionCode) -> AsyncIterator[None]:
        """The only time in which numbers of ``agency`` are looked up: many batches at once exceed no limit by more than one.

        Raises: ACQUISITION_LIMITED, before anything is looked up.
        """
        async with self._turns[agency]:
            for name, limit in (("codes", self._codes), ("numbers", self._misses)):
                if limit.left(agency, self._now()) < 1.0:
                    raise WarifuError(Reason.ACQUISITION_LIMITED, where=name, debug=f"{limit.what} by {agency}")
            yield

    def count(self, agency: InstitutionCode, *, codes: int, misses: int) -> None:
        """What a batch came to: so many codes, so many numbers that nobody has."""
        self._codes.count(agency, codes, self._now())
        self._misses.count(agency, misses, self._now())

    def acquired_fast(self) -> str | None:
        """Which agencies used more than half a day's codes; None while none did."""
        return self._codes.near(self._now())

    def numbers_missed(self) -> str | None:
        """Which agencies tried more than half of the numbers that they may try in vain; None while none did."""
        return self._misses.near(self._now())


class _Limit:
    """One limit, for every agency."""

    def __init__(self, what: str, a_day: int) -> None:
        self.what = what
        self._a_day = a_day
        self._buckets = Buckets(Rate(per_second=a_day / _DAY_S, burst=a_day))
        self._seen: set[InstitutionCode] = set()

    def left(self, agency: InstitutionCode, now: float) -> float:
        return self._buckets.level(agency, now)

    def count(self, agency: InstitutionCode, times: int, now: float) -> None:
        if times:
            self._seen.add(agency)
            self._buckets.take(agency, now, times)

    def near(self, now: float) -> str | None:
        found = sorted(agency for agency in self._seen if self.left(agency, now) < self._a_day * _NEAR)
        told = ", ".join(f"{agency} ({max(0, int(self.left(agency, now)))} left)" for agency in found)
        return f"{self.what}, of {self._a_day} a day: {told}" if found else None
