"""A scenario from its file to its folder.

Decides which engine plays it, and the order: read, draw, play, measure, write. Whoever watches is told how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warifu.errors import Reason, WarifuError
from warifu_kit.scenario.told.folder import results_folder, write_events, write_faults, write_summary
from warifu_kit.scenario.told.page import write_pages
from warifu_kit.scenario.told.pictures import pictures
from warifu_kit.scenario.told.summary import summary
from warifu_kit.scenario.virtual.behaviour.play import play_behaviour
from warifu_kit.scenario.virtual.national import is_kernel_enough, play_kernel
from warifu_kit.scenario.virtual.workload import workload

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration
    from warifu_kit.scenario.virtual.outcome import Outcome

__all__ = ["Tell", "need_research", "play", "run_into"]

Tell = Callable[[str, float], None]
"""Told what is being done, and the share of it that is over."""

_RESEARCH = ("altair", "duckdb", "numba", "numpy", "simpy", "vl_convert")


def need_research() -> None:
    """See that the extra is installed. Raises: CONFIG_INVALID, saying how to install it."""
    from importlib.util import find_spec

    missing = [name for name in _RESEARCH if find_spec(name) is None]
    if missing:
        where = f"scenarios need {', '.join(missing)}: pip install 'warifu[research]', or make dev in a clone"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)


def play(scenario: Scenario, costs: Calibration, tell: Tell, scale: float = 1.0) -> Outcome:
    """Play it on the virtual clock, on the engine that is enough for it."""
    tell("drawing arrivals", 0.0)
    load = workload(scenario, costs, scale)
    if is_kernel_enough(scenario):
        tell(f"playing {len(load):,} exchanges", 0.0)
        return play_kernel(scenario, load, costs)
    return play_behaviour(scenario, load, costs, lambda share: tell(f"playing {len(load):,} exchanges", share))


def run_into(
    folder: Path, scenario: Scenario, costs: Calibration, tell: Tell, scale: float = 1.0, *, draw: bool = True
) -> dict[str, Any]:
    """Play ``scenario`` and write its folder; what ``summary.json`` says. ``draw``: pictures and page too.

    Raises: PATH_UNUSABLE, CONFIG_INVALID, OSError.
    """
    with results_folder(folder):
        outcome = play(scenario, costs, tell, scale)
        tell("measuring", 0.0)
        told = summary(scenario, outcome, costs, scale)
        tell("writing", 0.3)
        rows = write_events(folder, scenario, outcome)
        told["events"] = {"rows": rows, "of": len(outcome.load), "sampled": rows < len(outcome.load)}
        write_faults(folder, told, outcome)
        drawn = pictures(scenario, outcome, costs, told)
        tell("drawing", 0.6)
        if draw:
            write_pages(folder, told, drawn)
        write_summary(folder, told)
    return told
