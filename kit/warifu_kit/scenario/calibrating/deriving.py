"""From what was measured to costs by visit. Pure.

Decides how a party's processor time is taken apart. Alone an exchange costs its own part and all of the shared part; with many in flight it
costs its own and a sixteenth of the shared, which is how many go together then. Arithmetic stands where it is done; what is left, the interpreter, gRPC, the
database, is split evenly between the two visits of a party that has two. What of the latency of one exchange alone is neither
processor nor disk is the lines'.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from typing import Any, Final

from warifu_kit.scenario.calibrating.live import IN_FLIGHT, Level, Measured
from warifu_kit.scenario.virtual.costs import VISITS, Calibration, Visit

__all__ = ["LEAST_VARIATION", "costs_from"]

_OF_ROLE: Final = {
    "inquirer": ("inquirer_asks", "inquirer_opens"),
    "hub": ("hub_permits", "hub_relays"),
    "provider": ("provider_answers",),
}
_GO_TOGETHER: Final = 16
LEAST_VARIATION: Final = 0.05
_MOST_VARIATION: Final = 1.0
_LEAST_LINE_MS: Final = 0.02

# Counted, not timed: bytes on the hub's lines and in its log for an exchange (docs/performance.md), and what ordering one costs a
# sequencer in groups of sixteen, measured once on a prototype (2 cores AMD EPYC): there is none in this version.
_HUB_BYTES: Final = 4_000.0
_LOG_BYTES: Final = 1_600.0
_SEQUENCER_US: Final = 73.0


def costs_from(
    measured: Measured,
    arithmetic: Mapping[str, tuple[float, float]],
    disk_ms: float,
    machine: Mapping[str, Any],
    network: Mapping[str, Any],
) -> Calibration:
    """The calibration. ``arithmetic``: microseconds each and shared, by visit."""
    means = {role: _parts(measured.alone.cpu_us[role], measured.many.cpu_us[role]) for role in _OF_ROLE}
    parts = {
        visit: _of_visit(arithmetic, visits, visit, means[role])
        for role, visits in _OF_ROLE.items()
        for visit in visits
    }
    alone_ms = sum(each + shared for each, shared in parts.values()) / 1e3
    variation = _variation(measured.alone, [(each + shared) / 1e3 for each, shared in parts.values()])
    line_ms = max(_LEAST_LINE_MS, (measured.alone.median_ms - alone_ms - len(VISITS) * disk_ms) / (len(VISITS) - 1))
    return Calibration(
        machine=dict(machine),
        network=dict(network) | {"measured": _told(measured)},
        visits={
            name: Visit(each_us=_short(each), shared_us=_short(shared), disk_ms=_short(disk_ms), variation=variation)
            for name, (each, shared) in ((name, parts[name]) for name in VISITS)
        },
        line_ms=_short(line_ms),
        sequencer_us=_SEQUENCER_US,
        hub_bytes=_HUB_BYTES,
        log_bytes=_LOG_BYTES,
        process_mb=_short(measured.hub_mb),
    )


def _parts(alone: float, many: float) -> tuple[float, float]:
    """Of alone = each + shared and many = each + shared / 16."""
    shared = max(0.0, (alone - many) * _GO_TOGETHER / (_GO_TOGETHER - 1))
    return max(0.0, alone - shared), shared


def _of_visit(
    arithmetic: Mapping[str, tuple[float, float]], visits: tuple[str, ...], visit: str, whole: tuple[float, float]
) -> tuple[float, float]:
    found = []
    for which in (0, 1):
        counted = sum(arithmetic[each][which] for each in visits)
        if counted > whole[which]:  # the party was quicker than its arithmetic, hot and alone: shared out by it
            found.append(whole[which] * arithmetic[visit][which] / counted)
        else:
            found.append(arithmetic[visit][which] + (whole[which] - counted) / len(visits))
    return found[0], found[1]


def _variation(alone: Level, visits_ms: list[float]) -> float:
    """Of one visit, such that all five together vary as the latency of an exchange alone does, its middle two thirds."""
    ordered = sorted(alone.latencies_ms)
    spread = (ordered[int(len(ordered) * 0.84)] - ordered[int(len(ordered) * 0.16)]) / 2
    found = spread / math.sqrt(sum(each * each for each in visits_ms))
    return _short(min(_MOST_VARIATION, max(LEAST_VARIATION, found)))


def _told(measured: Measured) -> dict[str, Any]:
    return {
        f"{name}_in_flight": {
            "exchanges": level.exchanges,
            "rate_per_s": _short(level.rate),
            "cpu_us": {role: _short(each) for role, each in level.cpu_us.items()},
            "latency_ms": {
                "p50": _short(level.median_ms),
                "p95": _short(statistics.quantiles(level.latencies_ms, n=20)[-1]),
            },
        }
        for name, level in (("1", measured.alone), (str(IN_FLIGHT), measured.many))
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")
