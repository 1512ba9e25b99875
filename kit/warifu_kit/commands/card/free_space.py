"""``warifu card free-space``: what a municipality puts on the card by its ordinance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu_kit.commands.card.making import CardPath
from warifu_kit.commands.card.typed import taken_by_the_card, typed_pin
from warifu_kit.output import say

__all__ = ["app"]

app = typer.Typer(name="free-space", help="Applications of a municipality's ordinance.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Applications of a municipality's ordinance, in the card's free space."""


@app.command()
def add(
    card: CardPath,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as library.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Its files 0001, 0002 and so on.")],
    number: Annotated[int, typer.Option(metavar="N", min=0, max=0xFFFF, help="The number in its identifier.")] = 1,
    pin: Annotated[bool, typer.Option("--pin", help="Ask for a PIN of its own, four digits.")] = False,
) -> None:
    """Put an application on a card that is in no reader. It has its own files and PIN and can read no other.

    Example: warifu card free-space add card.json library membership.txt
    """
    from warifu.card.applications.free_space import PREFIX, with_free_space
    from warifu_kit.commands.log_key import read_small
    from warifu_kit.reader.card_file import changed_card

    contents = tuple(read_small(each, "application's file") for each in files)
    chosen = typed_pin("PIN of the application") if pin else None
    with taken_by_the_card("NAME"):
        changed_card(card, lambda chip: with_free_space(chip, name, number, contents, chosen))
    say(f"{card}: has the application {name} ({(PREFIX + number.to_bytes(2, 'big')).hex().upper()})")
