"""The whole of ``warifu capacity``, in order: the day under every seed, then workers for multiples of its busiest hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warifu.errors import Reason, WarifuError
from warifu_kit.scenario.capacity.page import capacity_page
from warifu_kit.scenario.capacity.seeds import many_seeds, workers
from warifu_kit.scenario.capacity.sizing import MULTIPLES, sized
from warifu_kit.scenario.file.units import length_typed
from warifu_kit.scenario.virtual.national import is_kernel_enough

if TYPE_CHECKING:
    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.running import Tell
    from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["answer"]


def answer(scenario: Scenario, costs: Calibration, seeds: int, target: float, tell: Tell) -> str:
    """The page. Raises: CONFIG_INVALID for a scenario with faults or bulk, whose capacity would be about those."""
    if not is_kernel_enough(scenario):
        where = f"{scenario.name}: has faults or bulk files; capacity is about single exchanges on a day without faults"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    numbers = [scenario.seed + number for number in range(seeds)]
    with workers() as pool:
        day = many_seeds(pool, scenario, costs, numbers, lambda share: tell(f"{seeds} seeds", share / 2))
        sizes = []
        for place, multiple in enumerate(MULTIPLES):
            tell(f"{multiple:g} times the busiest hour", 0.5 + place / len(MULTIPLES) / 2)
            sizes.append(sized(pool, scenario, costs, day, multiple, numbers, target))
    return capacity_page(
        name=scenario.name,
        command=f"warifu capacity scenarios/{scenario.name}.yaml --seeds {seeds} --target {length_typed(target)} "
        "--out docs/capacity.md",
        question=scenario.file.question,
        day=day,
        duration=scenario.duration,
        hub_workers=scenario.file.network.hub_workers,
        sizes=sizes,
        target=target,
        costs=costs,
    )
