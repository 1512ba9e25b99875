"""The figures of a run, by the names that a file's ``expect`` has, and all others that ``summary.json`` tells.

Decides what each figure is of: latencies are of single calls, from when they were due, refused ones among them; a bulk file has its
own. Rounded to what can be meant, so that equal runs are equal to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from warifu_kit.scenario.file.arrival_kinds import BatchNights
from warifu_kit.scenario.virtual.costs import VISITS
from warifu_kit.scenario.virtual.outcome import ANSWERED, ENDS, PENDING, REFUSED, UNKNOWN, Outcome

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.workload import Floats

__all__ = ["PERCENTILES", "latencies_ms", "measured", "of_streams", "of_visits", "reasons"]

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
_BINS = 200


def measured(scenario: Scenario, outcome: Outcome) -> dict[str, float | None]:
    """Every measure that can be expected; None where a run has none of it. Seconds, shares, numbers."""
    import numpy as np

    count, took = max(1, len(outcome.load)), _single(outcome)
    ends = np.bincount(outcome.end, minlength=len(ENDS))
    quantiles = np.quantile(took, [0.5, 0.95, 0.99]) if len(took) else [None] * 3
    hub_worked = float(outcome.worked[1] + outcome.worked[3])
    return {
        "answered": _short((ends[ANSWERED] + ends[PENDING]) / count),
        "refused": _short(ends[REFUSED] / count),
        "unknown": float(ends[UNKNOWN]),
        "pending": float(ends[PENDING]),
        "retried": _short(np.count_nonzero(outcome.attempts > 1) / count),
        "p50": _short(quantiles[0]),
        "p95": _short(quantiles[1]),
        "p99": _short(quantiles[2]),
        "longest": _short(took.max()) if len(took) else None,
        "throughput": _short(np.count_nonzero(outcome.done_at <= scenario.duration) / scenario.duration),
        "hub_busy": _short(hub_worked / scenario.file.network.hub_workers / scenario.duration),
        "longest_hub_queue": float(outcome.seen[0].max()),
        "recovery": _recovery(scenario, outcome),
    }


def latencies_ms(took: Floats) -> dict[str, float | None]:
    """Percentiles of seconds, in milliseconds."""
    import numpy as np

    if not len(took):
        return dict.fromkeys([*PERCENTILES, "longest"])
    found = np.quantile(took, list(PERCENTILES.values())) * 1e3
    return {name: _short(each) for name, each in zip(PERCENTILES, found, strict=True)} | {
        "longest": _short(took.max() * 1e3)
    }


def of_visits(outcome: Outcome) -> list[dict[str, Any]]:
    """Each visit: the mean of all exchanges, how much of that was waiting, and what it took of a processor."""
    count = max(1, len(outcome.load))
    return [
        {
            "visit": name,
            "mean_ms": _short(float(outcome.waited[row] + outcome.worked[row]) * 1e3 / count),
            "waiting_ms": _short(float(outcome.waited[row]) * 1e3 / count),
            "processor_us": _short(float(outcome.worked[row]) * 1e6 / count),
        }
        for row, name in enumerate(VISITS)
    ]


def of_streams(scenario: Scenario, outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Each entry of traffic."""
    import numpy as np

    took = outcome.took
    for place, stream in enumerate(scenario.streams):
        those = outcome.load.stream == place
        ends = np.bincount(outcome.end[those], minlength=len(ENDS))
        yield {
            "stream": stream.name,
            "row": stream.row,
            "bulk": isinstance(stream.arrivals, BatchNights),
            "exchanges": int(those.sum()),
            **{end: int(ends[number]) for number, end in enumerate(ENDS)},
            "latency_ms": latencies_ms(took[those]),
        }


def reasons(outcome: Outcome) -> Mapping[str, int]:
    """How often exchanges ended with which reason, the most frequent first."""
    import numpy as np

    counted = np.bincount(outcome.reason, minlength=len(outcome.reasons))
    found = {name: int(counted[place]) for place, name in enumerate(outcome.reasons) if name and counted[place]}
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _single(outcome: Outcome) -> Floats:
    took = outcome.took
    return took[~outcome.load.bulk] if outcome.load.bulk.any() else took


def _recovery(scenario: Scenario, outcome: Outcome) -> float | None:
    """Seconds from the end of the last fault to the end of the last moment that was slow: twice the median of before the first."""
    import numpy as np

    if not scenario.faults or not len(outcome.load):
        return None
    begins = min(fault.at for fault in scenario.faults)
    ends = max(fault.at + fault.lasting for fault in scenario.faults)
    single = ~outcome.load.bulk
    at, took = outcome.load.at[single], outcome.took[single]
    before = took[at < begins]
    if not len(before) or ends >= scenario.duration:
        return None
    width = scenario.duration / _BINS
    after = at >= ends
    place = ((at[after] - ends) / width).astype(int)
    limit = 2 * float(np.median(before))
    slow = [each for each in np.unique(place).tolist() if float(np.median(took[after][place == each])) > limit]
    return _short((max(slow) + 1) * width) if slow else 0.0


def _short(value: Any) -> float | None:
    """Six digits that mean something."""
    return None if value is None else float(f"{float(value):.6g}")
