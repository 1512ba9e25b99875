"""``warifu card insert``, ``remove`` and ``shell``: the reader, and the card in it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.commands.card.making import CardPath
from warifu_kit.commands.parties import LogLevel, StopWithParent
from warifu_kit.output import say

if TYPE_CHECKING:
    import asyncio

    from warifu_kit.reader.place import ReaderPlace

__all__ = ["insert", "remove", "shell"]

Socket = Annotated[
    Path | None,
    typer.Option("--socket", metavar="PATH", help="The reader's socket. [default: one of your own]"),
]


def insert(
    card: CardPath,
    socket: Socket = None,
    vpcd: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Be the card in vsmartcard's reader of this machine's pcscd instead."),
    ] = None,
    log_level: LogLevel = "warning",
    stop_with_parent: StopWithParent = False,
) -> None:
    """Put a card into the reader. Where there is none yet this command becomes it, and stays until Ctrl-C.

    Programs find the reader in the environment that `warifu card shell` prints.

    Example: warifu card insert card.json
    """
    from warifu.party.process import run_party
    from warifu_kit.reader.card_file import kept_card
    from warifu_kit.reader.door import Asked, knock
    from warifu_kit.reader.place import ReaderPlace
    from warifu_kit.reader.running import run_reader
    from warifu_kit.reader.vpcd import run_in_vpcd, virtual_reader

    place = ReaderPlace.of(socket)
    if vpcd is None and knock(place, Asked("insert", card)) is not None:
        say(f"{card}: is in the reader at {place.socket}")
        return
    kept_card(card)  # a file that is no card is told before anything is started
    endpoint = None if vpcd is None else virtual_reader(vpcd)

    async def read(stop: asyncio.Event) -> None:
        if endpoint is None:
            await run_reader(stop, place, card, ready=lambda: _announce(place, card))
        else:
            say(f"{card}: a SIMULATED card in the virtual reader at {vpcd}, until Ctrl-C")
            await run_in_vpcd(stop, endpoint, card)

    raise typer.Exit(run_party(read, party="reader", log_level=log_level, stop_with_parent=stop_with_parent))


def _announce(place: ReaderPlace, card: Path) -> None:
    say(f"{card}: is in a reader of SIMULATED cards; it stays until Ctrl-C", f"    {_variable(place)}")


def remove(socket: Socket = None) -> None:
    """Take the card out of the reader, which stays. Whoever uses the card finds it gone.

    Example: warifu card remove
    """
    from warifu.errors import Reason, WarifuError
    from warifu_kit.reader.door import Asked, knock
    from warifu_kit.reader.place import ReaderPlace

    place = ReaderPlace.of(socket)
    before = knock(place, Asked("status"))
    if before is None:
        raise WarifuError(
            Reason.PATH_UNUSABLE, where=f"{place.socket}: no reader is there; warifu card insert starts one"
        )
    knock(place, Asked("remove"))
    say(f"{before}: is out of the reader" if before else "there was no card in the reader")


def shell(socket: Socket = None) -> None:
    """Print the line of shell by which PC/SC programs find the reader.

    Example: eval "$(warifu card shell)"
    """
    from warifu_kit.reader.place import ReaderPlace

    say(_variable(ReaderPlace.of(socket)))


def _variable(place: ReaderPlace) -> str:
    from warifu_kit.reader.place import VARIABLE

    return f"export {VARIABLE}={shlex.quote(str(place.socket))}"
