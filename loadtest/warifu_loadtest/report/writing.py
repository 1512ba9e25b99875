"""A run's report, on the terminal and in a folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from warifu.printable import printable
from warifu_loadtest.report.page import page
from warifu_loadtest.report.told import Told

__all__ = ["JSON_FILE", "PAGE_FILE", "show", "write"]

JSON_FILE, PAGE_FILE = "load.json", "load.html"
_STAGES = {
    "stage": "stage",
    "asked_per_s": "asked/s",
    "achieved_per_s": "done/s",
    "open_at_end": "open",
    "failed": "failed",
}
_CALLS = {"call": "user, RPC, end", "count": "count"}
_HOPS = {"hop": "hop", "count": "count", "mean_ms": "mean"}
_BESIDE = {"seen by": "seen by", "count": "count"}
_TIMES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99", "p99.9_ms": "p99.9", "max_ms": "max"}


def write(told: Told, folder: Path) -> None:
    """Write ``load.html``, ``load.json``, ``stages.csv`` and ``calls.csv`` into ``folder``. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = told.told()
    (folder / JSON_FILE).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / PAGE_FILE).write_text(page(told), "utf-8")
    for name in ("stages", "calls", "hops"):
        _write_rows(folder / f"{name}.csv", whole[name])


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["none"])
        writer.writeheader()
        writer.writerows(rows)


def show(told: Told) -> None:
    """Print stages, calls, and what was missed."""
    console = Console(markup=False, emoji=False, highlight=False)
    calls = [{"call": _call(row), **row} for row in told.calls()]
    console.print(_table("SIMULATED network under load: stages", {**_STAGES, **_TIMES}, told.stages()))
    console.print(_table("calls: ms from when they should have started", {**_CALLS, **_TIMES}, calls))
    hops = told.hops()
    if hops:
        console.print(_table("where an inquiry's time went: ms", {**_HOPS, **_TIMES}, hops))
    beside = told.beside()
    if beside:
        console.print(_table("the same calls, seen by another tool: ms", {**_BESIDE, **_TIMES}, beside))
    for sample in told.samples():
        if sample["meant"] == str(False):
            console.print(printable(f"failed: {sample['rpc']}: {sample['said']}"), soft_wrap=True)
    for line in (*told.warnings(), *_knee(told), *(f"missed: {each}" for each in told.missed())):
        console.print(printable(line), soft_wrap=True)


def _knee(told: Told) -> list[str]:
    knee = told.knee()
    if knee is None:
        return []
    held = "none" if knee.held is None else f"{knee.held:,.0f}/s"
    not_held = "not reached" if knee.not_held is None else f"{knee.not_held:,.0f}/s"
    return [f"knee: the highest rate that held is {held}, the lowest that did not {not_held}"]


def _call(row: Mapping[str, Any]) -> str:
    return f"{row['user']} {row['rpc'].rpartition('.')[2]}: {row['end']}{'' if row['meant'] else ' !'}"


def _table(title: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 0, 0, 1))
    for place, heading in enumerate(columns.values()):
        table.add_column(
            heading, justify="right" if place else "left", no_wrap=bool(place), min_width=0 if place else 9
        )
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    return table


def _cell(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
