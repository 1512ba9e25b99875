"""The fewest hub workers that keep a target, for the busiest hour of a scenario and multiples of it.

Decides how that is found: ten minutes at the busiest hour's rates, Poisson; from the fewest workers that could do the work at all, one or
a fifth more each time, until the upper end of the interval of the 99th percentile keeps the target. More workers than that help nobody whose
own node is what they wait for: the search ends there and says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from warifu_kit.scenario.capacity.seeds import Interval, Played, interval, many_seeds, played
from warifu_kit.scenario.file.arrival_kinds import Poisson
from warifu_kit.scenario.virtual.costs import TOGETHER

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["MULTIPLES", "Sized", "busiest_hour", "sized"]

MULTIPLES: Final = (0.5, 1, 2, 5, 10)
"""Of the busiest hour's rate."""

_MINUTES: Final = 10
_MOST_TRIES: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """``keeps`` is false where no number of workers did: then ``workers`` is the last that was tried."""

    multiple: float
    rate: float
    workers: int
    keeps: bool
    p99: Interval
    hub_busy: Interval
    node_wait_ms: Interval


def busiest_hour(scenario: Scenario, day: Sequence[Played], multiple: float, workers: int) -> Scenario:
    """Ten minutes of it: every stream Poisson at the mean, over seeds, of its rate in the busiest hour."""
    streams = []
    for place, stream in enumerate(scenario.streams):
        rate = multiple * sum(each.by_stream[place] for each in day) / len(day)
        arrivals = Poisson.model_validate({"process": "poisson", "rate": f"{rate:.6f}/s"})
        streams.append(replace(stream, arrivals=arrivals, at=0.0, lasting=_MINUTES * 60.0))
    general = scenario.file.general.model_copy(update={"duration": _MINUTES * 60.0})
    network = scenario.file.network.model_copy(update={"hub_workers": workers})
    file = scenario.file.model_copy(update={"general": general, "network": network})
    return replace(scenario, file=file, streams=tuple(streams))


def sized(
    pool: ProcessPoolExecutor,
    scenario: Scenario,
    costs: Calibration,
    day: Sequence[Played],
    multiple: float,
    seeds: Sequence[int],
    target: float,
) -> Sized:
    """The fewest workers for ``multiple`` times the busiest hour."""
    rate = multiple * sum(sum(each.by_stream) for each in day) / len(day)
    count, before = _fewest(costs, rate), math.inf
    for _ in range(_MOST_TRIES):
        one = played(busiest_hour(scenario, day, multiple, count), costs, seeds[0])
        if one.p99 <= target:
            found = _all(pool, busiest_hour(scenario, day, multiple, count), costs, seeds)
            if found.p99.high <= target:
                return replace(found, multiple=multiple, rate=rate, workers=count, keeps=True)
        elif one.p99 > 0.98 * before:
            break
        before = one.p99
        count += max(1, count // 5)
    found = _all(pool, busiest_hour(scenario, day, multiple, count), costs, seeds)
    return replace(found, multiple=multiple, rate=rate, workers=count, keeps=False)


def _fewest(costs: Calibration, rate: float) -> int:
    """Workers that would be busy all the time if everything that can be shared were."""
    seconds = sum(costs.visits[name].seconds(TOGETHER) for name in ("hub_permits", "hub_relays"))
    return max(1, math.ceil(rate * seconds))


def _all(
    pool: ProcessPoolExecutor,
    scenario: Scenario,
    costs: Calibration,
    seeds: Sequence[int],
) -> Sized:
    runs = many_seeds(pool, scenario, costs, seeds, lambda _: None)
    return Sized(
        multiple=0.0,
        rate=0.0,
        workers=0,
        keeps=False,
        p99=interval([run.p99 for run in runs]),
        hub_busy=interval([run.hub_busy for run in runs]),
        node_wait_ms=interval([run.node_wait_ms for run in runs]),
    )
