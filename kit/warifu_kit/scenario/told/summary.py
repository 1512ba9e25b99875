"""``summary.json``: the whole answer of a run, for programs and for people.

Decides what it holds and the one sentence that answers. It holds no time of the machine: the same seed, scenario and calibration
give the same bytes.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from warifu_kit.scenario.file.units import length_text
from warifu_kit.scenario.told.measures import latencies_ms, measured, of_streams, of_visits, reasons
from warifu_kit.scenario.virtual.outcome import ENDS, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from warifu_kit.scenario.file.scenario import Scenario
    from warifu_kit.scenario.virtual.costs import Calibration

__all__ = ["does_hold", "sentences", "summary"]

_AT_NO_CALL = ("slow_disk", "overload")
"""Conditions of which no call can say that it met them."""

_MARK = "a model of a SIMULATED network on a virtual clock; no statement about any real network or place"


def summary(scenario: Scenario, outcome: Outcome, costs: Calibration, scale: float) -> dict[str, Any]:
    """Everything that a run came to."""
    import numpy as np

    figures = measured(scenario, outcome)
    ends = np.bincount(outcome.end, minlength=len(ENDS))
    expected = list(_expected(scenario, figures))
    return {
        "SIMULATED": _MARK,
        "complete": True,
        "scenario": scenario.name,
        "question": scenario.file.question,
        "warifu": version("warifu"),
        "seed": scenario.seed,
        "clock": "virtual",
        "engine": outcome.engine,
        "scale": scale,
        "duration_s": scenario.duration,
        "institutions": len(scenario.institutions),
        "hub_workers": scenario.file.network.hub_workers,
        "calibration": {"machine": dict(costs.machine), "network": dict(costs.network)},
        "exchanges": len(outcome.load),
        "ends": {name: int(ends[number]) for number, name in enumerate(ENDS)},
        "reasons": dict(reasons(outcome)),
        "failed_attempts": dict(sorted(outcome.refused_attempts.items())),
        "measured": figures,
        "latency_ms": latencies_ms(outcome.took),
        "visits": of_visits(outcome),
        "streams": list(of_streams(scenario, outcome)),
        "faults": list(_faults(scenario, outcome)),
        "expect": expected,
        "holds": all(each["holds"] for each in expected),
    }


def does_hold(told: Mapping[str, Any]) -> bool:
    """Whether all that was expected holds."""
    return bool(told["holds"])


def sentences(told: Mapping[str, Any]) -> list[str]:
    """What a run answered, for a terminal."""
    figures = told["measured"]
    lines = [
        f"SIMULATED  {told['scenario']}, seed {told['seed']}: {told['question']}",
        f"{told['exchanges']:,} exchanges of {told['institutions']:,} institutions in {length_text(told['duration_s'])}"
        f" on the virtual clock ({told['engine']}): "
        + ", ".join(f"{count:,} {end}" for end, count in told["ends"].items() if count),
    ]
    if figures["p99"] is not None:
        lines.append(
            f"half within {length_text(figures['p50'])}, 99 of 100 within {length_text(figures['p99'])}; "
            f"hub busy {figures['hub_busy']:.1%}, at most {figures['longest_hub_queue']:.0f} waiting there"
        )
    lines += [
        f"{'holds' if each['holds'] else 'MISSED'}  {each['measure']} {each['bound']} (it is {each['told']})"
        for each in told["expect"]
    ]
    return lines


def _expected(scenario: Scenario, figures: Mapping[str, float | None]) -> Any:
    for each in scenario.file.expect:
        value = figures[each.measure]
        yield {
            "measure": each.measure,
            "bound": each.bound.text,
            "value": value,
            "told": _in_its_unit(each.bound.text, value),
            "holds": value is not None and each.bound.holds(value),
        }


def _in_its_unit(bound: str, value: float | None) -> str:
    if value is None:
        return "not known: there was nothing to measure it by"
    if bound.endswith("%"):
        return f"{value:.4%}".rstrip("0").rstrip(".%") + "%" if value else "0%"
    if "/" in bound:
        return f"{value:.4g}/s"
    return f"{value:.0f}" if bound[-1].isdigit() else length_text(value)


def _faults(scenario: Scenario, outcome: Outcome) -> Any:
    for number, entry in enumerate(scenario.faults):
        yield {
            "fault": number,
            "at_s": entry.at,
            "until_s": entry.at + entry.lasting,
            "who": entry.who,
            "what": entry.what.text,
            "met": None if entry.what.condition in _AT_NO_CALL else outcome.met.get(number, 0),
        }
