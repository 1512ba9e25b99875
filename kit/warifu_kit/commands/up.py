"""``warifu up``: start a network and keep it up; ``warifu new``: only make its folder."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from warifu_kit.commands.composition import Members, Permissions, check_same, composed
from warifu_kit.commands.suites import Suite, suite_text

__all__ = ["new", "up"]

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]


def new(path: NetworkDir, members: Members = None, permissions: Permissions = None, suite: Suite = "auto") -> None:
    """Make a network in DIR without starting it: keys, certificates, directory, one folder for each party.

    Example: warifu new net --members two-of-each
    """
    from warifu_kit.network.creation import create_network

    asked = composed(members, permissions, suite, runs_here=False)
    create_network(path, members=asked.members, permissions=asked.permissions, suite=asked.suite)
    typer.echo(f"made a SIMULATED network in {path}, {suite_text(asked.suite)}; start it with: warifu up {path}")


def up(path: NetworkDir, members: Members = None, permissions: Permissions = None, suite: Suite = "auto") -> None:
    """Start the network in DIR, making it first if need be, and stay up until Ctrl-C.

    Writes DIR/network.json with every endpoint and certificate path. The same DIR again continues with the same data,
    with the members, permission table and suite it was made with; asking for others is an error.

    Example: warifu up net --members two-of-each
    """
    from rich.console import Console
    from rich.table import Table

    from warifu_kit.network.creation import create_network, holds_network
    from warifu_kit.network.network import Network

    asked = composed(members, permissions, suite, runs_here=True)
    if holds_network(path):
        check_same(path, asked, members=members is not None, permissions=permissions is not None)
    else:
        create_network(path, members=asked.members, permissions=asked.permissions, suite=asked.suite)
    wanted = None if suite == "auto" else int(suite)
    console, stopping = Console(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())

    def tell(event: str, party: str, detail: str) -> None:
        if event != "ready":
            console.print(f"{party}: {event} ({detail})")

    with Network(path, on_event=tell, suite=wanted) as network:
        table = Table(title="SIMULATED My Number network: never real My Numbers", title_justify="left")
        for heading in ("party", "institution", "endpoint", "process"):
            table.add_column(heading)
        for party, process in network.parties.items():
            institution = network.described.parties[party].institution_code
            table.add_row(party, institution, process.endpoint, str(process.pid))
        console.print(table)
        console.print(f"calculates in {suite_text(network.described.suite)}", highlight=False)
        console.print(f"described in {path / 'network.json'}; Ctrl-C stops everything")
        while not stopping.wait(0.2):
            network.check()
        console.print("stopping")
