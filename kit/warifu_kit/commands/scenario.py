"""``warifu run``: play a scenario and write what came of it; ``warifu calibrate``: measure what an exchange costs here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from warifu_kit.output import Terminal, say, say_json

if TYPE_CHECKING:
    from warifu_kit.scenario.running import Tell

__all__ = ["calibrate", "capacity", "run"]

File = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario, such as scenarios/tax_season.yaml.")]
Calibrated = Annotated[
    Path | None,
    typer.Option("--calibration", metavar="FILE", help="What `warifu calibrate` wrote. Left out: the shipped one."),
]


def run(
    file: File,
    clock: Annotated[Literal["virtual"], typer.Option(help="The only one of this version.")] = "virtual",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write. Left out: runs/ and the scenario's name.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="In place of the file's. The folder stays the same: see --out.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.0001, max=100, help="Multiplies every rate: 0.01 for a look.")] = 1.0,
    calibration: Calibrated = None,
    report: Annotated[bool, typer.Option(help="Write the page and the pictures as well: most of a short run.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Tell the result as one line of JSON.")] = False,
) -> None:
    """Play the scenario in FILE and write its folder: figures, events, faults, a report with pictures.

    Exit status 0: all that it expects holds. 1: something does not.

    Example: warifu run scenarios/tax_season.yaml --seed 8 --out runs/june
    """
    from warifu_kit.scenario.file.reading import load_scenario
    from warifu_kit.scenario.running import need_research, run_into
    from warifu_kit.scenario.told.folder import seed_there
    from warifu_kit.scenario.told.summary import does_hold, sentences
    from warifu_kit.scenario.virtual.costs import load_calibration

    need_research()
    scenario = load_scenario(file, seed=seed)
    folder = out or Path("runs") / scenario.name
    before = seed_there(folder)
    with _progress(f"{clock} clock") as tell:
        told = run_into(folder, scenario, load_calibration(calibration), tell, scale, draw=report)
    if json:
        say_json(told)
    else:
        lost = f", in place of the run of seed {before}" if before not in (None, scenario.seed) else ""
        say(*sentences(told), f"see {folder}{lost}")
    if not does_hold(told):
        raise typer.Exit(1)


def calibrate(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write the costs.")],
    exchanges: Annotated[
        int, typer.Option(min=50, max=100_000, help="So many alone, four times as many together.")
    ] = 400,
) -> None:
    """Measure what an exchange costs on this machine, for `warifu run --calibration`.

    Times functions in this process and runs a network for some seconds. Nothing else should run meanwhile.

    Example: warifu calibrate --out runs/calibration.json
    """
    from warifu_kit.scenario.calibrating.calibrate import calibrate as calibrated

    with _progress("calibrating") as tell:
        costs = calibrated(exchanges, tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(costs.as_json(), "utf-8")
    say(
        *(
            f"{name}: {visit.each_us:.0f} us each, {visit.shared_us:.0f} us shared by who go together"
            for name, visit in costs.visits.items()
        ),
        f"disk {costs.visits['hub_permits'].disk_ms:.2f} ms, line {costs.line_ms:.2f} ms",
        f"SIMULATED  costs of this machine, written to {out}",
    )


def capacity(
    file: File,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write, in Markdown.")],
    seeds: Annotated[
        int, typer.Option(min=6, max=1000, help="So many from the file's on; six are the fewest for 95 %.")
    ] = 20,
    target: Annotated[str, typer.Option(metavar="LENGTH", help="Within which 99 of 100 should end.")] = "250ms",
    calibration: Calibrated = None,
) -> None:
    """Say how many hub workers, sequencers, how much memory and disk the traffic in FILE needs, with intervals.

    Example: warifu capacity scenarios/national_day.yaml --out docs/capacity.md
    """
    from warifu_kit.scenario.capacity.answer import answer
    from warifu_kit.scenario.file.reading import load_scenario
    from warifu_kit.scenario.file.units import length
    from warifu_kit.scenario.running import need_research
    from warifu_kit.scenario.virtual.costs import load_calibration

    need_research()
    try:
        within = length(target)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--target") from None
    with _progress("capacity") as tell:
        page = answer(load_scenario(file), load_calibration(calibration), seeds, within, tell)
    out.write_text(page, "utf-8")
    say(f"SIMULATED  see {out}")


@contextmanager
def _progress(what: str) -> Iterator[Tell]:
    """A bar with what is left, on standard error where that is a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    terminal = Terminal(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)

        def tell(doing: str, share: float) -> None:
            bar.update(task, description=doing, completed=share)

        yield tell
