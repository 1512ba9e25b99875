"""``docs/capacity.md``: what was found, how, and what it is not. Pure: from figures to Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from warifu_kit.scenario.capacity.seeds import Interval, Played, interval
from warifu_kit.scenario.capacity.sizing import Sized
from warifu_kit.scenario.file.units import length_text
from warifu_kit.scenario.virtual.costs import TOGETHER, Calibration

__all__ = ["A_YEAR", "capacity_page"]

A_YEAR: Final = 30_290_000
"""Inquiries of local governments in fiscal year 2022 (Board of Audit)."""

_SEQUENCER_SHARE: Final = 0.6
_SYNCS: Final = 2


def capacity_page(
    *,
    name: str,
    command: str,
    question: str,
    day: Sequence[Played],
    duration: float,
    hub_workers: int,
    sizes: Sequence[Sized],
    target: float,
    costs: Calibration,
) -> str:
    """The whole page."""
    exchanges = interval([run.exchanges for run in day])
    busiest = interval([sum(run.by_stream) for run in day])
    return "\n".join(
        [
            "# How large a nation's hub has to be",
            "",
            "**SIMULATED.** Written by a command; edit nothing here. A model on a virtual clock, with costs of one machine and sizes of",
            "municipalities that are made up: an answer about this program, and about no real network.",
            "",
            "```console",
            f"$ {command}",
            "```",
            "",
            f"Scenario: [{name}](../scenarios/{name}.yaml). *{question}*",
            "",
            f"Costs: {_machine(costs.machine)}; suite {costs.network.get('suite')}, every conversion proven. Measure your own with",
            "`warifu calibrate` and give it to both commands with `--calibration`.",
            "",
            "## The day as it is",
            "",
            f"{len(day)} seeds; *median (interval)*, where the interval holds the median with {exchanges.level:.1%}, whatever the distribution.",
            "",
            "| | |",
            "|---|---|",
            f"| exchanges in {length_text(duration)} | {_count(exchanges)} |",
            f"| busiest hour, a second | {_shown(busiest, '{:.1f}')} |",
            f"| hub workers | {hub_workers} |",
            f"| hub busy over all of it | {_shown(interval([run.hub_busy for run in day]), '{:.1%}')} |",
            f"| half within | {_ms(interval([run.p50 for run in day]))} |",
            f"| 99 of 100 within | {_ms(interval([run.p99 for run in day]))} |",
            f"| unknown | {_shown(interval([run.unknown for run in day]), '{:.0f}')} |",
            "",
            "## Workers for more than that",
            "",
            f"Ten minutes at multiples of the busiest hour; the fewest hub workers with which 99 of 100 end within {length_text(target)}.",
            "",
            "| times the busiest hour | a second | hub workers | 99 of 100 within | hub busy | waiting at nodes, ms | memory | sequencers | syncs a second |",
            "|---|---|---|---|---|---|---|---|---|",
            *(_row(each, costs) for each in sizes),
            "",
            *_notes(costs),
            "",
            "## A year",
            "",
            "| | exchanges | log and rows at the hub | on its lines |",
            "|---|---|---|---|",
            f"| local governments, fiscal year 2022 | {A_YEAR:,} | {_bytes(A_YEAR * costs.log_bytes)} | {_bytes(A_YEAR * costs.hub_bytes)} |",
            f"| this day | {exchanges.median:,.0f} | {_bytes(exchanges.median * costs.log_bytes)} | {_bytes(exchanges.median * costs.hub_bytes)} |",
            f"| a year of such days | {exchanges.median * 365:,.0f} | {_bytes(exchanges.median * 365 * costs.log_bytes)} | {_bytes(exchanges.median * 365 * costs.hub_bytes)} |",
            "",
            "Bytes are [counted](performance.md#counted), not modelled, before anything is deleted.",
            "",
        ]
    )


def _row(each: Sized, costs: Calibration) -> str:
    workers = str(each.workers) if each.keeps else f"none up to {each.workers}: the nodes are what is waited for"
    sequencers = math.ceil(each.rate * costs.sequencer_us / 1e6 / _SEQUENCER_SHARE)
    return (
        f"| {each.multiple:g} | {each.rate:,.0f} | {workers} | {_ms(each.p99)} | {_shown(each.hub_busy, '{:.0%}')} | "
        f"{_shown(each.node_wait_ms, '{:.2f}')} | {_bytes(each.workers * costs.process_mb * 2**20)} | {sequencers} | "
        f"{each.rate * _SYNCS / TOGETHER:,.0f} to {each.rate * _SYNCS:,.0f} |"
    )


def _notes(costs: Calibration) -> list[str]:
    return [
        "- *Hub busy* says less than it seems to: an exchange that comes alone costs more than one that comes with others, so a hub that is busy",
        "  all the time still has room. The target decides.",
        "- *Waiting at nodes*: on average, at all three visits of nodes. Each institution has one node with one processor; the largest are",
        "  the first that no hub worker helps.",
        f"- *Memory*: {costs.process_mb:.0f} MB a process, measured after some thousand exchanges. *Sequencers*: {costs.sequencer_us:.0f} µs an exchange, at 60 % of a core;",
        "  measured once on a prototype. This version has neither several hub workers nor a sequencer: the hub is one process, and the rows with more",
        "  workers say what would be needed. One queue before all of them is the best that sharing out connections can do.",
        f"- *Syncs*: two an exchange when each is alone, two for {TOGETHER} when all go together; the truth lies between.",
    ]


def _shown(each: Interval, form: str) -> str:
    return f"{form.format(each.median)} ({form.format(each.low)} to {form.format(each.high)})"


def _count(each: Interval) -> str:
    return _shown(each, "{:,.0f}")


def _ms(each: Interval) -> str:
    return f"{each.median * 1e3:.1f} ms ({each.low * 1e3:.1f} to {each.high * 1e3:.1f})"


def _bytes(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f} B"


def _machine(machine: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in machine.items())
