"""``warifu card pin``: change a PIN by the old one, or have a counter unblock it."""

from __future__ import annotations

from typing import Annotated

import typer

from warifu_kit.commands.card.making import CardPath
from warifu_kit.commands.card.pin_names import PIN_NAMES, pin_place
from warifu_kit.commands.card.typed import taken_by_the_card, typed_pin
from warifu_kit.output import say

__all__ = ["app"]

app = typer.Typer(
    name="pin",
    help="Change or unblock a PIN of a card that is in no reader. PINs are typed, or lines of standard input.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="PIN", help=f"Which: {', '.join(PIN_NAMES)}.")]


@app.command()
def change(card: CardPath, name: Name) -> None:
    """Change a PIN: the old one is asked for, then the new one. A wrong old one costs a try.

    Exit status 1: the card refused, and why is said.

    Example: warifu card pin change card.json authentication
    """
    from warifu.card.terminal import CardRefusedError, Terminal
    from warifu_kit.reader.card_file import CardInField

    aid, identifier = _place(name)
    old, new = typed_pin("old PIN"), typed_pin("new PIN")
    inserted = CardInField(card)
    terminal = Terminal(inserted.answer)
    try:
        terminal.select(aid)
        terminal.verify(identifier, old)
        terminal.change(identifier, new)
    except CardRefusedError as refused:
        say(_why(refused.word, refused.tries_left), err=True)
        raise typer.Exit(1) from None
    finally:
        inserted.take_out()
    say(f"{card}: the PIN for {name} is changed")


@app.command()
def unblock(card: CardPath, name: Name) -> None:
    """Set a new PIN with all its tries, as a municipality's counter does once it has seen who asks.

    Example: warifu card pin unblock card.json authentication
    """
    from warifu.card.making import unblocked
    from warifu_kit.reader.card_file import changed_card

    aid, identifier = _place(name)
    new = typed_pin("new PIN")
    with taken_by_the_card("PIN"):
        changed_card(card, lambda chip: unblocked(chip, aid, identifier, new))
    say(f"{card}: the PIN for {name} is set anew, with all its tries")


def _place(name: str) -> tuple[bytes, int]:
    """Application and file of a PIN."""
    try:
        return pin_place(name)
    except KeyError:
        raise typer.BadParameter(f"should be one of {', '.join(PIN_NAMES)}", param_hint="PIN") from None


def _why(word: int, tries_left: int | None) -> str:
    if tries_left is None:
        return f"the card refused ({word:04X}): the new PIN has the wrong shape, or the card has no such PIN"
    if not tries_left:
        return f"the PIN is blocked ({word:04X}); warifu card pin unblock is what a counter does"
    return f"the old PIN is wrong ({word:04X}); tries left: {tries_left}"
