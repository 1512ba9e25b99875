"""``--awkward``, ``--calm``, ``--knob``: what a network that is started does on purpose to the calls it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warifu_kit.faults.settings import FaultSettings

__all__ = ["AGAIN", "Awkward", "Calm", "Knobs", "fault_settings"]

AGAIN = "the same again:"
"""What comes before the command that repeats what a network did."""

Awkward = Annotated[
    bool,
    typer.Option(
        "--awkward", help="Be awkward on purpose: delays, calls that break off, duplicates; docs/guide/faults.md."
    ),
]
Calm = Annotated[bool, typer.Option("--calm", help="Take faults that are asked for (`warifu fault`), and no others.")]
Knobs = Annotated[
    list[str],
    typer.Option(metavar="NAME=RATE", help="How often one fault is drawn, 0 to 1, such as delay=0.5; may be repeated."),
]


def fault_settings(*, awkward: bool, calm: bool, seed: int | None, knobs: Sequence[str]) -> FaultSettings | None:
    """What the options ask for; None for a network that takes no faults. Raises: CONFIG_INVALID for an unknown knob."""
    if awkward and calm:
        raise typer.BadParameter("a network is one or the other", param_hint="--awkward --calm")
    if knobs and not awkward:
        raise typer.BadParameter("means something with --awkward only", param_hint="--knob")
    if not (awkward or calm):
        return None
    from warifu_kit.faults.settings import FaultSettings, any_seed, knobs_set

    chosen = any_seed() if seed is None and awkward else seed or 0
    return FaultSettings(seed=chosen, calm=calm, rates=knobs_set(knobs))
