"""A scenario on the kernel: what it can play, and its result as the other engine's.

Decides which scenarios have nothing that the kernel does not know: no fault, no bulk, no population that is refused is in its way, but
a fault, a bulk file, and an overload whose deadlines run out are. The last is seen afterwards and told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warifu_kit.scenario.file.arrival_kinds import BatchNights
from warifu_kit.scenario.virtual.costs import TOGETHER, VISITS, Calibration
from warifu_kit.scenario.virtual.outcome import ANSWERED, PENDING, REFUSED, UNKNOWN, Outcome
from warifu_kit.scenario.virtual.workload import HELD_BACK, NOT_HELD, Workload

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario

__all__ = ["NOT_HELD_REASON", "away", "is_kernel_enough", "play_kernel"]

NOT_HELD_REASON = "RECORD_NOT_HELD"
"""What an inquiry about somebody of whom no record is held ends with."""

TICKS = 720
"""How often a run is looked at."""


def is_kernel_enough(scenario: Scenario) -> bool:
    """Whether there is nothing in ``scenario`` that the kernel does not know."""
    return not scenario.faults and not any(isinstance(each.arrivals, BatchNights) for each in scenario.streams)


def away(scenario: Scenario, costs: Calibration) -> list[float]:
    """Seconds after each visit in which no processor is held: a disk, and the way to the next party."""
    distance = scenario.file.network.distance
    line = costs.line_ms / 1e3 if distance is None else distance
    disks = [costs.visits[name].disk_ms / 1e3 for name in VISITS]
    return [disk + line for disk in disks[:-1]] + [disks[-1]]


def play_kernel(scenario: Scenario, load: Workload, costs: Calibration) -> Outcome:
    """Play ``load``. Its ``work`` is used up. Exchanges beyond the deadline are UNKNOWN: nobody asks again in this engine."""
    import numpy as np

    from warifu_kit.scenario.virtual.kernel import play

    visits = [costs.visits[name] for name in VISITS]
    each = np.array([visit.each_us for visit in visits]) / 1e6
    shared = np.array([visit.shared_us for visit in visits]) / 1e6
    tick = scenario.duration / TICKS
    done_at, waited, worked, seen = play(
        load.at, load.inquirer, load.provider, load.work, each, shared, np.array(away(scenario, costs)), TOGETHER,
        len(scenario.institutions), scenario.file.network.hub_workers, tick, TICKS + 1,
    )  # fmt: skip
    end = np.where(load.person == HELD_BACK, PENDING, np.where(load.person == NOT_HELD, REFUSED, ANSWERED))
    end[done_at - load.at > scenario.file.general.deadline] = UNKNOWN
    end = end.astype(np.int8)
    return Outcome(
        engine="kernel",
        load=load,
        done_at=done_at,
        end=end,
        attempts=np.ones(len(load), np.int16),
        reason=np.where(end == REFUSED, 1, np.where(end == UNKNOWN, 2, 0)).astype(np.int16),
        reasons=("", NOT_HELD_REASON, "HUB_TIMED_OUT"),
        visits=load.work,
        waited=waited,
        worked=worked,
        seen=seen,
        tick=tick,
    )
