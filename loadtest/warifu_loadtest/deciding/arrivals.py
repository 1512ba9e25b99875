"""When calls should start: an open loop, in which nobody waits for the answer to somebody else's call.

Decides the moments before the first call is made, so that a network that answers late cannot have fewer calls made to
it. People who do not know of each other come in a Poisson process: the gaps are exponential, and processes that share a
rate make the same traffic as one that has all of it. The same seed gives the same moments. It knows no clock.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

__all__ = ["Arrival", "arrivals", "schedule"]


class Arrival(NamedTuple):
    """``due_s`` seconds from the beginning of the stage a user of that kind should start."""

    due_s: float
    user: str


def arrivals(rate: float, seconds: float, seed: str) -> Iterator[float]:
    """Moments of a Poisson process of ``rate`` a second, in order, each at 0 or later and before ``seconds``."""
    if rate <= 0:
        return
    draw = random.Random(seed)
    at = draw.expovariate(rate)
    while at < seconds:
        yield at
        at += draw.expovariate(rate)


def schedule(rates: Mapping[str, float], seconds: float, seed: str) -> list[Arrival]:
    """Every arrival of a stage, in order; ``rates`` has each kind of user's, a second."""
    each = ([Arrival(at, user) for at in arrivals(rate, seconds, f"{seed}/{user}")] for user, rate in rates.items())
    return list(heapq.merge(*each))
