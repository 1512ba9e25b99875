"""``warifu card specimen``, ``personalise`` and ``show``: cards as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.commands.card.pin_names import pin_name
from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from warifu.card.chip_state import Chip
    from warifu.card.personalisation import CardKind, Personalisation

__all__ = ["CardPath", "NewCard", "personalise", "show", "specimen"]

CardPath = Annotated[Path, typer.Argument(metavar="CARD", help="The card's file.")]
NewCard = Annotated[Path, typer.Argument(metavar="CARD", help="The file of the new card; it must not be there yet.")]
_LARGEST = 4 * 2**20


def specimen(
    card: NewCard,
    kind: Annotated[str, typer.Option(metavar="KIND", help="card, android or iphone.")] = "card",
    under_15: Annotated[bool, typer.Option("--under-15", help="Without the signing certificate.")] = False,
) -> None:
    """Make a card of a made-up person, with certificates of an authority that exists for this moment.

    Its PINs are those of every specimen: user authentication 1234, signing SPECIMEN1, card-face input 2345, resident register 3456.

    Example: warifu card specimen card.json
    """
    from warifu.clock import SystemClock
    from warifu_kit.card import specimen as specimens

    _keep(card, specimens.specimen(SystemClock().now(), kind=_kind(kind), under_15=under_15))


def personalise(
    bundle: Annotated[
        Path, typer.Argument(metavar="FILE", help="Keys, certificates, PINs: see warifu.card.personalisation_file.")
    ],
    card: NewCard,
) -> None:
    """Make the card that a personalisation file describes. The file holds keys and PINs: remove it afterwards.

    A program of your own writes one. The card of a network's own authority: warifu card apply.

    Example: warifu card personalise personalisation.json card.json
    """
    from warifu.card.personalisation_file import read_personalisation
    from warifu.errors import Reason, WarifuError

    try:
        with bundle.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{bundle}: cannot be read ({error.strerror})") from None
    given = read_personalisation(content, str(bundle))
    try:
        _keep(card, given)
    except WarifuError as refused:
        if refused.reason is not Reason.REQUEST_MALFORMED:
            raise
        raise WarifuError(Reason.FILE_INVALID, where=f"{bundle}: {refused.where}") from None


def _keep(path: Path, given: Personalisation) -> None:
    """Make the chip, keep it, and say so."""
    from warifu.card.making import made
    from warifu_kit.reader.card_file import new_card

    new_card(path, made(given))
    say(f"{path}: a SIMULATED card ({given.kind.value}), until {given.expires}; whoever can read the file has the card")


def show(card: CardPath, json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False) -> None:
    """Show what is on a card and how often its PINs may be tried; nothing of its holder.

    Example: warifu card show card.json
    """
    from warifu_kit.reader.card_file import kept_card

    chip = kept_card(card)
    if json:
        say_json(_told(chip))
        return
    marks = "".join(f", {each}" for each in sorted(chip.switches))
    say(f"SIMULATED card ({chip.kind.value}{marks})")
    shown = table(("application", "identifier", "files", "keys", "tries left"))
    for each in chip.applications:
        tries = ", ".join(
            f"{pin_name(each.aid, pin.identifier)} {pin.tries_left} of {pin.most_tries}" for pin in each.pins
        )
        shown.add_row(each.name, each.aid.hex().upper(), str(len(each.files)), str(len(each.keys)), tries or "no PIN")
    say_table(shown)


def _told(chip: Chip) -> dict[str, object]:
    return {
        "kind": chip.kind.value,
        "switches": sorted(chip.switches),
        "applications": [
            {
                "name": each.name,
                "aid": each.aid.hex().upper(),
                "files": [f"{file.identifier:04X}" for file in each.files],
                "keys": [f"{key.identifier:04X}" for key in each.keys],
                "tries_left": {f"{pin.identifier:04X}": pin.tries_left for pin in each.pins},
            }
            for each in chip.applications
        ],
    }


def _kind(text: str) -> CardKind:
    from warifu.card.personalisation import CardKind

    try:
        return CardKind(text)
    except ValueError:
        raise typer.BadParameter("should be card, android or iphone", param_hint="--kind") from None
