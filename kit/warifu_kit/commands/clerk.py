"""``warifu clerk``: what a clerk of an agency sees and decides, through the agency's own node."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from collections.abc import Iterator

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
Json = Annotated[bool, typer.Option("--json", help="One line of JSON for each, times in UTC.")]
T = TypeVar("T")


@app.command("list")
def list_(path: NetworkDir, agency: Agency, limit: Limit = 1_000, json: Json = False) -> None:
    """List the answers that wait for a clerk of AGENCY, oldest first.

    Example: warifu clerk list net residence
    """
    provisions = _at_node(path, agency, lambda node: _oldest(node, limit + 1))
    waiting = list(_told(provisions[:limit], _party_names(path)))
    if json:
        for each in waiting:
            say_json(each)
    elif not waiting:
        say(f"nothing waits for a clerk of {agency}")
    else:
        shown = table(
            ("processing number", "asked by", "for item", "about", "since (UTC)"),
            title=f"{agency}: waiting for a clerk",
        )
        for each in waiting:
            *others, since = each.values()
            shown.add_row(*others, since.removesuffix(":00"))  # a node keeps no more than the minute
        say_table(shown)
    if len(provisions) > limit:
        say(f"more wait than the {limit} shown; --limit shows more", err=json)


def _told(provisions: Sequence[PendingProvision], parties: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What is told of each answer that waits, in the order of the list's columns."""
    for each in provisions:
        yield {
            "processing_number": each.processing_number,
            "inquirer": parties.get(each.inquirer, each.inquirer),
            "item_code": each.item_code,
            "local_number": each.local_number,
            "received_time": f"{each.received_time.ToDatetime():%Y-%m-%d %H:%M:%S}",
        }


@app.command()
def release(path: NetworkDir, agency: Agency, processing_number: ProcessingNumber) -> None:
    """Release one answer; the inquirer gets it when it asks again.

    Example: warifu clerk release net residence 20260401000000000000
    """
    from warifu.api.node.v1.node_service_pb2 import CLERK_DECISION_RELEASE

    _at_node(path, agency, lambda node: node.decide_provision(processing_number, CLERK_DECISION_RELEASE))
    say(f"released {processing_number}")


@app.command()
def refuse(path: NetworkDir, agency: Agency, processing_number: ProcessingNumber) -> None:
    """Refuse one answer; the inquirer learns that it was refused when it asks again.

    Example: warifu clerk refuse net residence 20260401000000000000
    """
    from warifu.api.node.v1.node_service_pb2 import CLERK_DECISION_REFUSE

    _at_node(path, agency, lambda node: node.decide_provision(processing_number, CLERK_DECISION_REFUSE))
    say(f"refused {processing_number}")


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
