"""``warifu clerk``: what a clerk of an agency sees and decides, through the agency's own node."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from warifu.api.node.v1.node_service_pb2 import PendingProvision
    from warifu.client import NodeClient

__all__ = ["app"]

app = typer.Typer(name="clerk", help="List, release and refuse answers that wait for a clerk.", no_args_is_help=True)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")]
Agency = Annotated[str, typer.Argument(metavar="AGENCY", help="The clerk's agency, such as residence or tax.")]
ProcessingNumber = Annotated[
    str, typer.Argument(metavar="PROCESSING_NUMBER", help="Which answer, 20 digits; `list` shows it.")
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="List at most N, the oldest.")]
T = TypeVar("T")


@app.command("list")
def list_(path: NetworkDir, agency: Agency, limit: Limit = 1_000) -> None:
    """List the answers that wait for a clerk of AGENCY, oldest first.

    Example: warifu clerk list net residence
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    provisions = _at_node(path, agency, lambda node: _oldest(node, limit + 1))
    if not provisions:
        typer.echo(f"nothing waits for a clerk of {agency}")
        return
    parties = _party_names(path)
    table = Table(title=f"{agency}: waiting for a clerk", title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("processing number", no_wrap=True)
    for heading in ("asked by", "for item", "about", "since (UTC)"):
        table.add_column(heading, overflow="fold")
    for each in provisions[:limit]:
        since = f"{each.received_time.ToDatetime():%m-%d %H:%M:%S}"
        inquirer = parties.get(each.inquirer, each.inquirer)
        table.add_row(each.processing_number, inquirer, each.item_code, each.local_number, since)
    Console().print(table)
    if len(provisions) > limit:
        typer.echo(f"more wait than the {limit} shown; --limit shows more")


@app.command()
def release(path: NetworkDir, agency: Agency, processing_number: ProcessingNumber) -> None:
    """Release one answer; the inquirer gets it when it asks again.

    Example: warifu clerk release net residence 20260401000000000000
    """
    from warifu.api.node.v1.node_service_pb2 import CLERK_DECISION_RELEASE

    _at_node(path, agency, lambda node: node.decide_provision(processing_number, CLERK_DECISION_RELEASE))
    typer.echo(f"released {processing_number}")


@app.command()
def refuse(path: NetworkDir, agency: Agency, processing_number: ProcessingNumber) -> None:
    """Refuse one answer; the inquirer learns that it was refused when it asks again.

    Example: warifu clerk refuse net residence 20260401000000000000
    """
    from warifu.api.node.v1.node_service_pb2 import CLERK_DECISION_REFUSE

    _at_node(path, agency, lambda node: node.decide_provision(processing_number, CLERK_DECISION_REFUSE))
    typer.echo(f"refused {processing_number}")


async def _oldest(node: NodeClient, count: int) -> list[PendingProvision]:
    """Up to ``count`` of what waits; no page is asked for beyond them."""
    oldest: list[PendingProvision] = []
    async with aclosing(node.pending_provisions().pages()) as pages:
        async for page in pages:
            oldest += page
            if len(oldest) >= count:
                break
    return oldest[:count]


def _party_names(path: Path) -> dict[str, str]:
    """What the network calls each institution, by its code."""
    from warifu.client import NetworkDescription

    network = NetworkDescription.load(path)
    return {network.institution(party): party for party in network.parties}


def _at_node(path: Path, agency: str, act: Callable[[NodeClient], Coroutine[Any, Any, T]]) -> T:
    """Do one thing at the agency's node, as its business system."""
    import asyncio

    from warifu.client import NetworkDescription, NodeClient

    connection = NetworkDescription.load(path).to_node(agency)

    async def acted() -> T:
        async with NodeClient(connection) as node:
            return await act(node)

    return asyncio.run(acted())
