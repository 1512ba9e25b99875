"""``--awkward``, ``--calm``, ``--knob``: what a network that is started does on purpose to the calls it serves.

Decides that it is awkward unless told to be calm, and from which seed: the one that is said, else that of its keys, else any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from warifu.printable import shell_command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from warifu_kit.faults.settings import FaultSettings

__all__ = ["Awkward", "Calm", "Knobs", "NoFaults", "fault_settings", "said_of"]

Awkward = Annotated[
    bool,
    typer.Option(
        "--awkward",
        help="As it is unless calm: delays, calls that break off, duplicates. Said, --seed is that of these alone.",
    ),
]
Calm = Annotated[
    bool, typer.Option("--calm", help="Do nothing to calls on purpose but what is asked for by `warifu fault`.")
]
NoFaults = Annotated[
    bool, typer.Option("--no-faults", help="Take no faults at all, nor be recorded: for measuring how fast it is.")
]
Knobs = Annotated[
    list[str],
    typer.Option(metavar="NAME=RATE", help="How often one fault is drawn, 0 to 1, such as delay=0.5; may be repeated."),
]


def fault_settings(
    *, awkward: bool, calm: bool, none: bool, seed: int | None, knobs: Sequence[str]
) -> FaultSettings | None:
    """What the options ask for; None where parties take no faults. Raises: CONFIG_INVALID for an unknown knob."""
    if awkward + calm + none > 1:
        raise typer.BadParameter("a network is one of these", param_hint="--awkward --calm --no-faults")
    if knobs and (calm or none):
        raise typer.BadParameter("means something in an awkward network only", param_hint="--knob")
    if none:
        return None
    from warifu_kit.faults.settings import FaultSettings, any_seed, knobs_set

    rates = knobs_set(knobs)
    if seed is None:
        seed = 0 if calm else any_seed()
    return FaultSettings(seed=seed, calm=calm, rates=rates)


def said_of(faults: FaultSettings | None, path: Path) -> list[str]:
    """What people are told of it, a sentence each."""
    if faults is None:
        return ["takes no faults: for measuring, not for trying what connects to it"]
    done = shell_command("warifu", "fault", "done", path)
    if faults.calm:
        return [f"calm: nothing is done to calls but what `warifu fault` asks for; see: {done}"]
    return [
        "AWKWARD ON PURPOSE: some calls are delayed, broken off or delivered twice (--calm: none); see: " + done,
        f"the same again: {shell_command('warifu', 'up', path, *faults.words())}",
    ]
