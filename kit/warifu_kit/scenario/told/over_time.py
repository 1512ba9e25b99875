"""A run cut into equal stretches of time: latencies, ends and queues in each. Pure; what the pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from warifu_kit.scenario.virtual.costs import VISITS
from warifu_kit.scenario.virtual.outcome import ENDS, Outcome

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["ends_over_time", "fault_bands", "latency_over_time", "queues_over_time", "split_of_visits", "time_unit"]

STRETCHES: Final = 120
_FEWEST: Final = 20
"""Exchanges a stretch should have for its percentiles to be worth a point: of few exchanges there are few stretches."""

Rows = Iterator[dict[str, Any]]


def time_unit(seconds: float) -> tuple[str, float]:
    """In which unit so long a run is drawn, and how many seconds that has."""
    if seconds >= 3 * 3600:
        return "h", 3600.0
    return ("min", 60.0) if seconds >= 180 else ("s", 1.0)


def latency_over_time(scenario: Scenario, outcome: Outcome) -> Rows:
    """Percentiles of those that were due in each stretch, single calls only where there are any."""
    import numpy as np

    single = ~outcome.load.bulk if (~outcome.load.bulk).any() else outcome.load.bulk
    at, took = outcome.load.at[single], outcome.took[single]
    stretches = max(1, min(STRETCHES, len(at) // _FEWEST))
    edges = np.linspace(0.0, scenario.duration, stretches + 1)
    cuts = np.searchsorted(at, edges)
    unit = time_unit(scenario.duration)[1]
    for place in range(stretches):
        those = took[cuts[place] : cuts[place + 1]]
        if not len(those):
            continue
        for name, value in zip(("p50", "p95", "p99"), np.quantile(those, [0.5, 0.95, 0.99]), strict=True):
            middle = float(edges[place] + edges[place + 1]) / 2 / unit
            yield {"time": middle, "percentile": name, "ms": round(float(value) * 1e3, 4)}


def ends_over_time(scenario: Scenario, outcome: Outcome) -> Rows:
    """How many that were due in each stretch ended in which way, a second."""
    import numpy as np

    unit = time_unit(scenario.duration)[1]
    width = scenario.duration / STRETCHES
    place = np.minimum((outcome.load.at / width).astype(np.int64), STRETCHES - 1)
    counted = np.zeros((STRETCHES, len(ENDS)), np.int64)
    np.add.at(counted, (place, outcome.end), 1)
    for stretch in range(STRETCHES):
        for number, end in enumerate(ENDS):
            if counted[:, number].any():
                rate = round(float(counted[stretch, number]) / width, 4)
                yield {"time": (stretch + 0.5) * width / unit, "end": end, "rate": rate}


def queues_over_time(scenario: Scenario, outcome: Outcome) -> Rows:
    """The most that waited in each stretch, at the hub and at all nodes together."""
    unit = time_unit(scenario.duration)[1]
    step = max(1, outcome.seen.shape[1] // STRETCHES)
    for row, name in enumerate(("at the hub", "at all nodes")):
        for tick in range(0, outcome.seen.shape[1], step):
            most = int(outcome.seen[row, tick : tick + step].max())
            yield {"time": tick * outcome.tick / unit, "where": name, "waiting": most}


def split_of_visits(outcome: Outcome, costs: Calibration, away: list[float]) -> Rows:
    """The mean milliseconds of each visit: waiting for a processor, being served, and the disk and way after it."""
    count = max(1, len(outcome.load))
    for row, name in enumerate(VISITS):
        disk = min(costs.visits[name].disk_ms / 1e3, away[row])
        for part, seconds in (
            ("waiting for a processor", float(outcome.waited[row]) / count),
            ("processor", float(outcome.worked[row]) / count),
            ("disk", disk),
            ("line", away[row] - disk),
        ):
            yield {"visit": f"{row + 1} {name.replace('_', ' ')}", "part": part, "ms": round(seconds * 1e3, 4)}


def fault_bands(scenario: Scenario) -> Rows:
    """When which fault held."""
    unit = time_unit(scenario.duration)[1]
    for entry in scenario.faults:
        until = min(scenario.duration, entry.at + entry.lasting)
        yield {"from": entry.at / unit, "to": until / unit, "fault": f"{entry.who}: {entry.what.text}"}
