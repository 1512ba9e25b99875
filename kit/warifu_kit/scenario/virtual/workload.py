"""Every exchange of a run before it begins: when, who asks, who is asked, about whom, and how much work it will be.

Decides it all from the seed, so that both engines play the very same day. Arrays are in the order of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from warifu.errors import Reason, WarifuError
from warifu_kit.scenario.file.arrival_kinds import BatchNights
from warifu_kit.scenario.virtual.arrivals import moments
from warifu_kit.scenario.virtual.costs import VISITS, Calibration

if TYPE_CHECKING:
    import numpy as np

    from warifu_kit.scenario.file.scenario import Scenario

    Floats: TypeAlias = np.ndarray[Any, np.dtype[Any]]

__all__ = ["HELD", "HELD_BACK", "MOST_EXCHANGES", "NOT_HELD", "Workload", "workload"]

MOST_EXCHANGES = 20_000_000
"""The most of one run: the memory of more was not tried."""

HELD, NOT_HELD, HELD_BACK = 0, 1, 2
"""Who is asked about: a record is held; none is; a clerk must release it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """``at`` (float64, s), ``inquirer``, ``provider`` (int32, positions), ``stream`` (int16), ``person`` (int8), ``bulk`` (bool).

    ``work`` (float32, one row a visit): what the mean time of a processor is multiplied with.
    """

    at: Floats
    inquirer: Floats
    provider: Floats
    stream: Floats
    person: Floats
    bulk: Floats
    work: Floats

    def __len__(self) -> int:
        return len(self.at)


def workload(scenario: Scenario, costs: Calibration, scale: float = 1.0) -> Workload:
    """The exchanges of ``scenario``. Raises: CONFIG_INVALID where they are too many."""
    import numpy as np

    draw = np.random.Generator(np.random.SFC64(scenario.seed))
    parts = [moments(scenario, stream, draw, scale) for stream in scenario.streams]
    count = sum(map(len, parts))
    if count > MOST_EXCHANGES:
        raise WarifuError(
            Reason.CONFIG_INVALID, where=f"{scenario.name}: {count:,} exchanges; {MOST_EXCHANGES:,} are the most"
        )
    whole = np.concatenate(parts)
    order = np.argsort(whole, kind="stable")
    lengths = [len(part) for part in parts]
    inquirer, provider = _sides(scenario, parts, draw)
    bulk = np.array([isinstance(stream.arrivals, BatchNights) for stream in scenario.streams])
    stream = np.repeat(np.arange(len(parts), dtype=np.int16), lengths)[order]
    return Workload(
        at=whole[order],
        inquirer=inquirer[order],
        provider=provider[order],
        stream=stream,
        person=_people(scenario, count, draw),
        bulk=bulk[stream],
        work=_work(costs, count, draw),
    )


def _sides(scenario: Scenario, parts: list[Floats], draw: np.random.Generator) -> tuple[Floats, Floats]:
    """Who asks, and who is asked. A file that is asked in bulk is one inquirer's, about people of many providers."""
    import numpy as np

    inquirers, providers = [], []
    for stream, part in zip(scenario.streams, parts, strict=True):
        if isinstance(stream.arrivals, BatchNights):
            files, of_row = np.unique(part, return_inverse=True)
            inquirers.append(_chosen(scenario, stream.inquirers, len(files), draw)[of_row])
        else:
            inquirers.append(_chosen(scenario, stream.inquirers, len(part), draw))
        providers.append(_chosen(scenario, stream.providers, len(part), draw))
    return np.concatenate(inquirers), np.concatenate(providers)


def _chosen(scenario: Scenario, places: tuple[int, ...], count: int, draw: np.random.Generator) -> Floats:
    """By weight, from the cumulated weights: ``Generator.choice`` is ten times slower."""
    import numpy as np

    cumulated = np.cumsum([scenario.institutions[place].weight for place in places])
    drawn = np.searchsorted(cumulated, draw.random(count) * cumulated[-1], side="right")
    chosen: Floats = np.array(places, dtype=np.int32)[np.minimum(drawn, len(places) - 1)]
    return chosen


def _people(scenario: Scenario, count: int, draw: np.random.Generator) -> Floats:
    import numpy as np

    people = scenario.file.population
    drawn = draw.random(count, dtype=np.float32)
    person = np.full(count, HELD, dtype=np.int8)
    person[drawn < people.not_held + people.held_back] = HELD_BACK
    person[drawn < people.not_held] = NOT_HELD
    return person


def _work(costs: Calibration, count: int, draw: np.random.Generator) -> Floats:
    """Lognormal with mean 1."""
    import numpy as np

    work = draw.standard_normal((len(VISITS), count), dtype=np.float32)
    for row, name in enumerate(VISITS):
        spread = float(np.log1p(costs.visits[name].variation ** 2))
        work[row] *= np.float32(np.sqrt(spread))
        work[row] -= np.float32(spread / 2)
    return np.exp(work, out=work)
