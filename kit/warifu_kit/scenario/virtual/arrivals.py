"""Which moments come of an arrival process: an open loop, in which nobody waits for the end of somebody else's call.

Decides every moment before the first call, as a sorted array of seconds, from a generator it is given. June's proportions are
the load test's. It knows no party and no clock.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

from warifu_kit.scenario.file.arrival_kinds import (
    BatchNights,
    Constant,
    Diurnal,
    JunePeak,
    LifeEvents,
    Poisson,
)

if TYPE_CHECKING:
    import numpy as np

    from warifu_kit.scenario.file.scenario import Scenario, Stream

    Moments: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]

__all__ = ["HOURS", "MONTHS", "moments"]

MONTHS: Final = (0.35, 0.40, 0.60, 0.65, 0.55, 1.00, 0.70, 0.45, 0.40, 0.35, 0.30, 0.30)
"""January to December, of June's rate. Made up, as in the load test: which month has how many was found nowhere."""

HOURS: Final = (1, 1, 1, 1, 1, 1, 2, 4, 12, 24, 26, 24, 14, 20, 26, 25, 22, 14, 7, 4, 3, 2, 2, 1)
"""Weights of the hours of a day, from midnight. Made up: an office's day."""

_DAY: Final = 86_400.0
_YEAR: Final = 365 * _DAY


def moments(scenario: Scenario, stream: Stream, draw: np.random.Generator, scale: float = 1.0) -> Moments:
    """The moments of ``stream``, in seconds from the beginning of the run, in order. ``scale`` multiplies every rate."""
    import numpy as np

    how, begins = stream.arrivals, _of_the_day(scenario)
    lasting = stream.lasting
    found: Moments
    match how:
        case Constant():
            found = np.arange(0.0, lasting, 1.0 / (how.rate * scale)) if how.rate * scale else np.empty(0)
        case Poisson():
            found = _poisson(np.array([how.rate * scale]), np.array([0.0, lasting]), draw)
        case Diurnal():
            found = _diurnal(how.rate * scale, begins + stream.at, lasting, draw)
        case JunePeak():
            found = _poisson(how.rate * scale * np.array(MONTHS), np.linspace(0.0, lasting, len(MONTHS) + 1), draw)
        case LifeEvents():
            found = _life_events(scenario, how, lasting, draw, scale)
        case BatchNights():
            found = _batch_nights(how, begins + stream.at, lasting, draw, scale)
        case _:
            found = np.array(scenario.replayed[stream.name])
            found = found[found < lasting]
            if scale < 1.0:
                found = found[draw.random(len(found)) < scale]
    return found + stream.at


def _of_the_day(scenario: Scenario) -> float:
    hours, minutes = scenario.file.general.starts.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0


def _poisson(rates: Moments, edges: Moments, draw: np.random.Generator) -> Moments:
    """``rates[i]`` a second from ``edges[i]`` to ``edges[i + 1]``: given how many, moments are uniform."""
    import numpy as np

    counts = draw.poisson(rates * np.diff(edges))
    parts = [np.sort(draw.uniform(edges[place], edges[place + 1], count)) for place, count in enumerate(counts)]
    return np.concatenate(parts)


def _diurnal(rate: float, begins: float, lasting: float, draw: np.random.Generator) -> Moments:
    import numpy as np

    first, last = math.floor(begins / 3600), math.ceil((begins + lasting) / 3600)
    edges = np.clip(np.arange(first, last + 1) * 3600.0, begins, begins + lasting) - begins
    weights = np.array([HOURS[hour % 24] for hour in range(first, last)]) * 24 / sum(HOURS)
    return _poisson(rate * weights, edges, draw)


def _life_events(
    scenario: Scenario, how: LifeEvents, lasting: float, draw: np.random.Generator, scale: float
) -> Moments:
    """A household at a time, all its members at once."""
    import numpy as np

    people = scenario.file.population
    rate = scale * people.people * people.life_events[how.event] / _YEAR / people.household
    events = _poisson(np.array([rate]), np.array([0.0, lasting]), draw)
    return np.repeat(events, 1 + draw.poisson(people.household - 1, len(events)))


def _batch_nights(how: BatchNights, begins: float, lasting: float, draw: np.random.Generator, scale: float) -> Moments:
    """Each row has the moment of its file; who asks in bulk lets so many under way, and no more, itself."""
    import numpy as np

    night = (how.closes - how.opens) % _DAY or _DAY
    days = range(math.floor(begins / _DAY) - 1, math.ceil((begins + lasting) / _DAY))
    files = [day * _DAY + how.opens + draw.uniform(0.0, night, how.files) - begins for day in days]
    found = np.sort(np.concatenate(files))
    found = found[(found >= 0) & (found < lasting)]
    return np.repeat(found, max(1, round(how.rows * scale)))
