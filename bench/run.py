"""``make bench``: the network beside a bare mTLS relay, in one run, on this machine.

Decides what is run and in which order, and what is printed of it; figures and goals are in ``figures``. Absolute
numbers of different runs, or machines, say little side by side: compare the ratios.

Exit status: 0 the figures hold, goals reached or not (a missed one is named); 1 the figures are void.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from figures import (
    AT_BEST,
    AT_FULL_LOAD,
    BULK,
    HALF_LOAD,
    IN_FLIGHT,
    MOST_IN_FLIGHT,
    OVERLOAD,
    OVERLOADED,
    Row,
    SliceResult,
    faults,
    goal_text,
    rows_of,
    with_quartiles,
)
from first_exchange import first_exchange_seconds
from measure import fdatasync_ms, machine, spread
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from stage import Acquired, Cell, Stage, prepare

from warifu.curve.suites import available_suites
from warifu.errors import WarifuError
from warifu.party.inherited import settle_process
from warifu.printable import printable

RESULTS = Path(__file__).parent / "results"
_SETTLE_S = {1: 0.05, 8: 0.1, 64: 0.25, MOST_IN_FLIGHT: 0.5}
_MESSAGES, _BULK_SETTLE_S, _BULK_LONGER = 2, 1.0, 6  # a message takes a good part of a second
_OVERLOAD_PATIENCE_S, _OVERLOAD_SETTLE_S = 2.0, 2.0  # so that whoever could not be answered in time would show
_SHORT_ROUNDS, _ACQUISITIONS = 4, 5
_PROVEN, _UNPROVEN = "always", "off"

Rounds = Annotated[int, typer.Option(min=1, help="How often every cell has its slice.")]
Seconds = Annotated[float, typer.Option(min=0.1, help="How long a slice is measured.")]
Json = Annotated[Path, typer.Option("--json", help="Where the rows go as well as to the screen.")]
Short = Annotated[
    bool, typer.Option("--short", help="Four rounds, one acquisition, no `make run`: about half a minute.")
]


def main(
    rounds: Rounds = 12, seconds: Seconds = 0.5, json_: Json = RESULTS / "latest.json", short: Short = False
) -> None:
    """Measure the network beside a bare mTLS relay, and say whether the goals are reached."""
    rounds = min(rounds, _SHORT_ROUNDS) if short else rounds
    RESULTS.mkdir(exist_ok=True)
    if json_.is_dir() or not json_.absolute().parent.is_dir():
        raise typer.BadParameter(f"{json_}: there is no such folder, or it is one", param_hint="--json")
    console = Console()
    with Progress(
        TextColumn("{task.description:<28}"), BarColumn(), TimeRemainingColumn(), console=console, transient=True
    ) as progress:
        run = _Run(progress, rounds=rounds, seconds=seconds, short=short)
        rows = run.everything()
    void = faults(run.slices)
    _show(console, rows, run)
    json_.write_text(json.dumps([row.told() for row in rows], indent=1, ensure_ascii=False) + "\n", "utf-8")
    for fault in void[:10]:
        console.print(f"[red]VOID[/] {escape(fault)}")
    raise typer.Exit(1 if void else 0)


class _Run:
    """One run. ``slices`` is filled as it goes."""

    def __init__(self, progress: Progress, *, rounds: int, seconds: float, short: bool) -> None:
        self._progress = progress
        self._rounds = rounds
        self._seconds = seconds
        self._short = short
        self._suite = available_suites()[0]  # as `warifu up` chooses
        steps = rounds * (4 * len(IN_FLIGHT) + len(AT_FULL_LOAD) + len(BULK) + 2) + 10
        self._task = progress.add_task("starting", total=steps)
        self.slices: list[SliceResult] = []
        self.sizes: dict[str, int] = {}

    def everything(self) -> list[Row]:
        """Every row, in the order they are shown."""
        rows = []
        with tempfile.TemporaryDirectory(dir=RESULTS, prefix="run-") as folder:  # on a real disk, unlike most /tmp
            if not self._short:
                self._tell("make run")
                rows.append(Row("first_exchange_s", first_exchange_seconds(Path(folder)), "s"))
            networks = {policy: Path(folder) / f"network-{policy}" for policy in (_PROVEN, _UNPROVEN)}
            sets = 1 if self._short else _ACQUISITIONS
            took = prepare(networks, suite=self._suite, sets=sets, tell=self._tell)
            rows += _issuing_rows(took)
            self._tell("starting again")
            with Stage(networks[_PROVEN], networks[_UNPROVEN]) as stage:
                self.sizes = stage.sizes
                self._measure(stage)
            sync_ms = fdatasync_ms(Path(folder))
        rows = (
            rows_of(self.slices, suite=self._suite, cores=os.cpu_count() or 1)
            + rows
            + [Row("fdatasync_p50_ms", sync_ms, "ms")]
        )
        rows.append(Row("suite", self._suite, ""))
        rows += [Row(f"message_{name}_bytes", size, "bytes") for name, size in self.sizes.items()]
        return rows + [Row(f"machine_{name}", value, "") for name, value in machine().items()]

    def _tell(self, what: str) -> None:
        self._progress.update(self._task, description=what, advance=1)

    def _measure(self, stage: Stage) -> None:
        for cell in stage.cells:  # nobody's first calls are measured
            self._slice(cell, 8, 0)
        self.slices.clear()
        for number in range(1, self._rounds + 1):
            turns = [(cell, in_flight) for cell in stage.cells for in_flight in _loads_of(cell)]
            random.shuffle(turns)
            for cell, in_flight in turns:
                self._tell(f"round {number}: {cell.name}, {in_flight} in flight")
                self.slices.append(self._slice(cell, in_flight, number))
                if cell.name == "stream" and in_flight == IN_FLIGHT[-1]:
                    self._tell(f"round {number}: half load")
                    self.slices.append(self._half_load(cell, number, self.slices[-1].rate / 2))
                    self._tell(f"round {number}: overload")
                    self.slices.append(replace(self._slice(cell, MOST_IN_FLIGHT, number), cell=AT_BEST))
                    self.slices.append(self._overload(cell, number, OVERLOAD * self.slices[-1].rate))

    def _half_load(self, cell: Cell, number: int, per_s: float) -> SliceResult:
        """A slice four times as long, for its slowest hundredth."""
        slow = self._slice(cell, IN_FLIGHT[-1], number, seconds=4 * self._seconds, per_s=per_s)
        return replace(slow, cell=HALF_LOAD)

    def _overload(self, cell: Cell, number: int, per_s: float) -> SliceResult:
        """A slice in which far more come than can be done, and none waits longer than a person would."""
        how: dict[str, Any] = {"per_s": per_s, "may_refuse": True, "settle_s": _OVERLOAD_SETTLE_S}
        asked = self._slice(
            cell, MOST_IN_FLIGHT, number, patience_s=_OVERLOAD_PATIENCE_S, seconds=4 * self._seconds, **how
        )
        return replace(asked, cell=OVERLOADED)

    def _slice(self, cell: Cell, in_flight: int, number: int, patience_s: float = 20.0, **other: float) -> SliceResult:
        in_bulk = cell.name in BULK
        order = {"in_flight": in_flight, "settle_s": _SETTLE_S[in_flight], "seconds": self._seconds, "pids": cell.pids}
        if in_bulk:
            order |= {"in_flight": _MESSAGES, "settle_s": _BULK_SETTLE_S, "seconds": _BULK_LONGER * self._seconds}
        order |= other
        leaves, counted = _at_hub(cell)
        told = cell.load.order({"do": "slice", "in_bulk": in_bulk, "patience_s": patience_s, "slice": order})
        leaves_after, counted_after = _at_hub(cell)
        return SliceResult(
            cell=cell.name,
            in_flight=in_flight,
            round_number=number,
            seconds=told["seconds"],
            cpu_ns=tuple(told["cpu_ns"]),
            took_ms=told["took_ms"],
            errors=told["errors"],
            made=told["made"] - told["turned_away"],
            refused=told["refused"],
            drained_s=told["drained_s"],
            leaves=leaves_after - leaves,
            syncs=counted_after["syncs"] - counted["syncs"],
            records=counted_after["records"] - counted["records"],
        )


def _loads_of(cell: Cell) -> tuple[int, ...]:
    """The calls in flight with which a cell is measured."""
    return IN_FLIGHT[-1:] if cell.name in (*AT_FULL_LOAD, *BULK) else IN_FLIGHT


def _issuing_rows(took: dict[str, list[Acquired]]) -> list[Row]:
    """How long acquiring 1,000 codes takes, and its processor time, all processes, with proofs over without."""
    seconds = statistics.median(each.seconds for each in took[_PROVEN])
    pairs = zip(took[_PROVEN], took[_UNPROVEN], strict=True)
    ratio = spread(proven.cpu_ns / bare.cpu_ns for proven, bare in pairs)
    return [Row("acquire_1000_s", seconds, "s"), *with_quartiles("issue_proof_ratio", ratio)]


def _at_hub(cell: Cell) -> tuple[int, dict[str, int]]:
    """Leaves in the log and counters of the database, for a cell that has a hub."""
    if cell.side is None:
        return 0, {"syncs": 0, "records": 0}
    return cell.side.leaf_count(), cell.side.counters()


def _show(console: Console, rows: list[Row], run: _Run) -> None:
    title = "The network beside a bare mTLS relay (medians; ratios inside each round)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("quartiles")
    for heading in ("unit", "goal", ""):
        table.add_column(heading)
    for row in rows:
        if not row.name.endswith(("_low", "_high")) and not row.name.startswith(("machine_", "message_")):
            told = _value(row), _quartiles(row, rows), row.unit, goal_text(row) or "", _verdict(row, rows)
            table.add_row(row.name, *told)
    console.print(table)
    console.print(_sizes(run.sizes))
    console.print("machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()))


def _value(row: Row) -> str:
    return row.value if isinstance(row.value, str) else f"{row.value:.4g}"


def _quartiles(row: Row, rows: list[Row]) -> str:
    ends = [f"{end.value:.3g}" for end in rows if end.name in (f"{row.name}_low", f"{row.name}_high")]
    return " to ".join(ends)


def _verdict(row: Row, rows: list[Row]) -> str:
    if row.goal is None:
        return ""
    missed = row.missed_by()
    if not missed:
        return "[green]reached[/]"
    within = row.unit == "x" and missed <= _band(row, rows)
    return f"[yellow]missed by {missed:.2g}" + (", within the noise[/]" if within else "[/]")


def _band(row: Row, rows: list[Row]) -> float:
    """By how much a row may miss its goal within the noise.

    Of a rate over that of bare, its goal's share of what equal cells differ by: half the distance between the quartiles of
    bare to bare. Processor time over processor time is steadier, and so is what is taken of one cell alone: half the distance
    of its own.
    """
    found: dict[str, Any] = {each.name: each.value for each in rows}
    own = "cpu" in row.name or row.name in ("issue_proof_ratio", "p99_ratio")
    of, scale = (row.name, 1.0) if own else ("bare_a_to_b", row.goal[1] if row.goal else 0.0)
    return float(found[f"{of}_high"] - found[f"{of}_low"]) / 2 * scale


def _sizes(sizes: dict[str, int]) -> str:
    told = ", ".join(f"{name} {size}" for name, size in sizes.items())
    return f"message sizes, taken from real exchanges and used on both sides (bytes): {told}"


def _run_and_tell() -> None:
    """Run the command line; what could not be measured ends it with one sentence and status 1."""
    settle_process()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process of a run may stay
    try:
        typer.run(main)
    except (WarifuError, RuntimeError, OSError) as error:
        sys.exit(f"bench: {printable(str(error))}")


if __name__ == "__main__":
    _run_and_tell()
