"""One scenario under many seeds, on all cores, and the interval that its figures lie in.

Decides the interval: from the sixth to the fifteenth of twenty, in order, which holds the median with 95.9 % whatever the distribution
(binomial). Fewer seeds have a wider one, or none. Each seed is a process's work of its own, so that numbers do not depend on how many cores
there are.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from warifu_kit.scenario.running import play
from warifu_kit.scenario.told.measures import measured

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["Interval", "Played", "interval", "many_seeds", "played", "with_seed", "workers"]

T = TypeVar("T")
_WANTED = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """``low`` to ``high`` holds the median with probability ``level``."""

    median: float
    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one seed came to. ``by_stream`` is the busiest hour's rate of each stream, a second."""

    exchanges: int
    unknown: int
    p50: float
    p99: float
    hub_busy: float
    hub_queue: float
    node_wait_ms: float
    by_stream: tuple[float, ...]


def interval(values: Sequence[float]) -> Interval:
    """The narrowest symmetric one between order statistics with at least 95 %; of few values the whole range, with its level."""
    ordered, count = sorted(values), len(values)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    for off in range(count // 2 - 1, -1, -1):
        level = 1 - 2 * sum(math.comb(count, below) for below in range(off + 1)) / 2**count
        if level >= _WANTED or off == 0:
            return Interval(middle, ordered[off], ordered[count - 1 - off], max(0.0, level))
    return Interval(middle, ordered[0], ordered[-1], 0.0)


@contextmanager
def workers() -> Iterator[ProcessPoolExecutor]:
    """As many as there are cores; new processes, that know nothing of this one's threads."""
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def many_seeds(
    pool: ProcessPoolExecutor,
    scenario: Scenario,
    costs: Calibration,
    seeds: Sequence[int],
    tell: Callable[[float], None],
) -> list[Played]:
    """What each seed came to, in their order."""
    found = []
    for result in pool.map(partial(played, scenario, costs), seeds):
        found.append(result)
        tell(len(found) / len(seeds))
    return found


def played(scenario: Scenario, costs: Calibration, seed: int) -> Played:
    """Play ``scenario`` under ``seed``."""
    import numpy as np

    scenario = with_seed(scenario, seed)
    outcome = play(scenario, costs, lambda *_: None)
    figures = measured(scenario, outcome)
    width = min(3600.0, scenario.duration)
    hours = max(1, math.ceil(scenario.duration / width))
    by_hour = np.zeros((len(scenario.streams), hours))
    np.add.at(by_hour, (outcome.load.stream, np.minimum((outcome.load.at // width).astype(int), hours - 1)), 1)
    busiest = int(by_hour.sum(axis=0).argmax())
    count = max(1, len(outcome.load))
    return Played(
        exchanges=len(outcome.load),
        unknown=int(figures["unknown"] or 0),
        p50=figures["p50"] or 0.0,
        p99=figures["p99"] or 0.0,
        hub_busy=figures["hub_busy"] or 0.0,
        hub_queue=figures["longest_hub_queue"] or 0.0,
        node_wait_ms=float(outcome.waited[[0, 2, 4]].sum()) * 1e3 / count,
        by_stream=tuple((by_hour[:, busiest] / width).tolist()),
    )


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """The same under another seed."""
    general = scenario.file.general.model_copy(update={"seed": seed})
    return replace(scenario, file=scenario.file.model_copy(update={"general": general}))
