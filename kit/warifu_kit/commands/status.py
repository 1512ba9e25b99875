"""``warifu status``: how a network is, up or down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu.errors import WarifuError
from warifu_kit.output import say, say_error, say_json

__all__ = ["status"]

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]

_AMISS, _NO_NETWORK = 1, 2


def status(path: NetworkDir, json: Json = False) -> None:
    """Show how the network in DIR is: parties, certificates and until when, log, disk, and what is amiss.

    Asks every party as the supervisor. A network that is down is shown by its files.

    Exit status 0: every party answers, nothing is amiss or ends soon. 1: something is, and what to do is said. 2: there
    is no network in DIR.

    Example: warifu status net
    """
    import asyncio

    from warifu.client import NetworkDescription
    from warifu.clock import SystemClock
    from warifu.party.network_file import read_network_file
    from warifu_kit.status.asking import ask_everybody
    from warifu_kit.status.condition import judge
    from warifu_kit.status.on_disk import look_at_folder
    from warifu_kit.status.report import as_json, as_lines

    try:
        described = read_network_file(path)
        network = NetworkDescription.load(path)
    except WarifuError as error:
        say_error(error)
        raise typer.Exit(_NO_NETWORK) from None
    answers = asyncio.run(ask_everybody(network))
    files = look_at_folder(path, described)
    condition = judge(path, described, answers=answers, files=files, now=SystemClock().now())
    if json:
        say_json(as_json(condition))
    else:
        say(*as_lines(condition))
    if condition.warnings:
        raise typer.Exit(_AMISS)
