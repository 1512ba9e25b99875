"""``warifu clock``: what time it is for the parties of a network made for tests, and what it is to be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import say

if TYPE_CHECKING:
    from datetime import datetime

    from warifu_kit.network.settable_clock import SettableClock

__all__ = ["clock"]


def clock(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network made with --clock.")],
    set_to: Annotated[
        str | None,
        typer.Option("--set", metavar="TIME", help="Such as 2026-06-01T09:00:00+09:00; UTC where no zone is said."),
    ] = None,
    advance: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Move it on; back where negative. Write --advance=-60.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Have it go by the machine's clock again.")] = False,
) -> None:
    """Show or set the clock of all parties of a network made for tests with `warifu up DIR --clock`.

    The time runs on from where it is set, at most four years from the machine's. The parties need no restart.

    Example: warifu clock net --set 2026-06-01T09:00:00+09:00
    """
    from datetime import timedelta

    if sum((set_to is not None, advance is not None, reset)) > 1:
        raise typer.BadParameter("give one of --set, --advance and --reset", param_hint="--set")
    shown = _of(path)
    try:
        if set_to is not None:
            shown.set(_moment(set_to))
        elif advance is not None:
            shown.advance(timedelta(seconds=advance))
        elif reset:
            shown.reset()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint="--advance" if set_to is None else "--set") from None
    say(
        f"SIMULATED time: {shown.now():%Y-%m-%d %H:%M:%S} UTC, {shown.offset.total_seconds():+.0f} s from the machine's"
    )


def _moment(text: str) -> datetime:
    from datetime import UTC, datetime

    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of(path: Path) -> SettableClock:
    """Raises: CONFIG_INVALID for a network that has none; FILE_INVALID."""
    from warifu.errors import Reason, WarifuError
    from warifu.party.network_file import read_network_file
    from warifu_kit.network.settable_clock import SettableClock

    described = read_network_file(path)
    if described.clock is None:
        where = f"{path}: was made without --clock, so its parties go by the machine's"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    return SettableClock(path / described.clock)
