"""``warifu witness``: the supervisor sees that the hub's log only grows, and cosigns its checkpoints."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from warifu.party.process import run_party
from warifu_kit.commands.parties import LogLevel, StopWithParent
from warifu_kit.output import say, say_json

__all__ = ["witness"]

SupervisorDir = Annotated[Path, typer.Argument(metavar="DIR", help="The supervisor's folder, such as net/supervisor.")]
HubAddress = Annotated[
    str | None,
    typer.Option("--hub", metavar="HOST:PORT", help="Where the hub listens. [default: network.json beside DIR]"),
]
GoOn = Annotated[
    bool, typer.Option("--go-on", help="Go on with a log that says that it went on from an older state; good once.")
]


def witness(
    path: SupervisorDir,
    hub: HubAddress = None,
    once: Annotated[bool, typer.Option("--once", help="Cosign the newest checkpoint once, and end.")] = False,
    go_on: GoOn = False,
    json: Annotated[bool, typer.Option("--json", help="With --once: tell it as one line of JSON.")] = False,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Cosign each new checkpoint of the hub's log that extends all that was cosigned before (C2SP tlog-cosignature).

    `warifu up` runs one. A checkpoint that is smaller, or does not extend the one before, is never cosigned; two that cannot
    be of one log are kept in DIR/evidence, for `warifu audit evidence`.

    Exit status 0: with --once, it is cosigned and the hub has it. 1: it is not, and why is said.

    Example: warifu witness net/supervisor --once
    """
    import asyncio

    from warifu_services.witness.app import cosign_once, run_witness

    address = hub or _endpoint(path)
    if not once:
        raise typer.Exit(
            run_party(
                lambda stop: run_witness(stop, path, hub=address, go_on=go_on),
                party="witness",
                log_level=log_level,
                stop_with_parent=stop_with_parent,
            )
        )
    cosigned = asyncio.run(cosign_once(path, hub=address, go_on=go_on))
    at = datetime.fromtimestamp(cosigned.time, UTC)
    if json:
        say_json({"entries": cosigned.size, "time": cosigned.time})
    else:
        say(f"cosigned the log of {cosigned.size} entries at {at:%Y-%m-%d %H:%M:%S} UTC")


def _endpoint(path: Path) -> str:
    """Where the hub listens, by the description of the network that the folder lies in. Raises: CONFIG_INVALID."""
    from warifu.client import NetworkDescription

    return NetworkDescription.load(path.resolve().parent).to_hub().endpoint
