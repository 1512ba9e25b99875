"""The search for the knee: the highest rate that a network still keeps up with.

Decides which rate is tried next, and when to stop. Rates are doubled until one does not hold, then the gap between the
highest that held and the lowest that did not is halved, as a ratio, until it is small: the two are the interval that is
reported. One bad moment of the machine must not end the search low, so a rate that did not hold is tried again, and goes by two of
three. Any answers whatever bring it to an end. It knows nothing of what a rate is of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Knee", "Probe", "Search", "knee_of", "next_rate"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A rate that was tried, and whether the network kept up with it."""

    rate: float
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """From which rate the search starts, between which it stays, and how small a gap (a ratio above 1) ends it."""

    start: float
    least: float = 1.0
    most: float = 100_000.0
    gap: float = 1.15


@dataclass(frozen=True, slots=True)
class Knee:
    """``held`` is the highest rate that held, None if none did; ``not_held`` the lowest that did not, None if all did."""

    held: float | None
    not_held: float | None


def next_rate(search: Search, probes: Sequence[Probe]) -> float | None:
    """The rate to try next; None when the search is over."""
    undecided = next((rate for rate in _rates(probes) if _verdict(probes, rate) is None), None)
    if undecided is not None:
        return undecided
    knee = knee_of(probes)
    if knee.held is None and knee.not_held is None:
        return min(max(search.start, search.least), search.most)
    if knee.held is None:
        assert knee.not_held is not None
        return _within(knee.not_held / 2, knee.not_held, search)
    if knee.not_held is None:
        return _within(knee.held * 2, knee.held, search)
    if knee.not_held / knee.held <= search.gap:
        return None
    return math.sqrt(knee.held * knee.not_held)


def knee_of(probes: Sequence[Probe]) -> Knee:
    """What the probes so far say. A rate that held though a lower one did not counts for nothing: ``held < not_held``."""
    failed = [rate for rate in _rates(probes) if _verdict(probes, rate) is False]
    not_held = min(failed, default=None)
    below = [
        rate for rate in _rates(probes) if _verdict(probes, rate) is True and (not_held is None or rate < not_held)
    ]
    return Knee(max(below, default=None), not_held)


def _within(rate: float, before: float, search: Search) -> float | None:
    """``rate`` inside the bounds; None where ``before`` was at the bound already."""
    bounded = min(max(rate, search.least), search.most)
    return None if bounded == before else bounded


def _rates(probes: Sequence[Probe]) -> list[float]:
    return list(dict.fromkeys(probe.rate for probe in probes))


def _verdict(probes: Sequence[Probe], rate: float) -> bool | None:
    """Whether the rate holds: at once if it did the first time, otherwise by two of three. None: try it again."""
    tries = [probe.held for probe in probes if probe.rate == rate]
    if tries[0] or tries.count(True) >= 2:
        return True
    return False if tries.count(False) >= 2 else None
