"""``warifu inspect``: one exchange, as each side recorded it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu_kit.output import say, say_json

if TYPE_CHECKING:
    from warifu.party.network_file import NetworkFile
    from warifu_kit.inspection.told import Done

__all__ = ["inspect"]

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder.")]
Exchange = Annotated[
    str,
    typer.Argument(
        metavar="EXCHANGE", help="Its request_id, 32 hexadecimal digits, or its processing number, 20 digits."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON for each exchange, times in UTC.")]


def inspect(path: NetworkDir, exchange: Exchange, json: Json = False) -> None:
    """Show one exchange of the network in DIR, up or down, as messages in their order, and what each side recorded of each.

    Read from the databases of the inquirer's node, the hub and the provider's node. Says what each party could read, and
    shows nothing about a person. Steps are those of docs/tour.md. While an exchange is under way one side may be ahead of another.

    Exit status 0: what is recorded agrees. 1: a record is missing or differs, or nobody has such an exchange. 2: EXCHANGE
    is neither a request_id nor a processing number.

    Example: warifu inspect net 20260401000000000000
    """
    request_id, processing_number = _asked(exchange)
    from warifu.party.network_file import read_network_file
    from warifu_kit.inspection.diagram import draw
    from warifu_kit.inspection.finding import find_exchanges, parties_of
    from warifu_kit.inspection.told import as_json, as_lines

    described = read_network_file(path)
    found = find_exchanges(path, described, request_id=request_id, processing_number=processing_number)
    if not found:
        raise WarifuError(Reason.INQUIRY_UNKNOWN, where=f"{path}: no party here has a record of {exchange}")
    names = {str(about.institution_code): party for party, about in parties_of(described).items()}
    diagrams = [draw(each) for each in found]
    for diagram in diagrams:
        done = _done_on_purpose(path, described, diagram.request_id)
        if json:
            say_json(as_json(diagram, names, done))
        else:
            say(*as_lines(diagram, names, done))
    if not all(diagram.agrees for diagram in diagrams):
        raise typer.Exit(1)


def _asked(exchange: str) -> tuple[bytes, str]:
    """The request_id, or the processing number."""
    if re.fullmatch(r"[0-9a-fA-F]{32}", exchange):
        return bytes.fromhex(exchange), ""
    if re.fullmatch(r"[0-9]{20}", exchange):
        return b"", exchange
    raise typer.BadParameter(
        "should be a request_id (32 hexadecimal digits) or a processing number (20 digits)", param_hint="EXCHANGE"
    )


def _done_on_purpose(path: Path, described: NetworkFile, request_id: bytes) -> list[Done]:
    """What the fault ledgers of a network made for tests say of this exchange."""
    from warifu_kit.faults.ledger import read_ledger

    lines = (line for party in described.parties for line in read_ledger(path / party))
    return [(line.party, line.rpc, line.done) for line in lines if line.exchange == request_id.hex() != ""]
