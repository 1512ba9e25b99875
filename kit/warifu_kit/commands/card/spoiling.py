"""``warifu card spoil``: cards that a relying party must find out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from warifu_kit.commands.card.making import CardPath
from warifu_kit.commands.card.typed import taken_by_the_card
from warifu_kit.output import say

if TYPE_CHECKING:
    from warifu.card.chip_state import Chip

__all__ = ["spoil"]

_HOW: Final = ("--tampered", "--cloned", "--revoked", "--worn-out")


def spoil(
    card: CardPath,
    copy: Annotated[
        Path, typer.Argument(metavar="COPY", help="The file of the spoilt card; it must not be there yet.")
    ],
    tampered: Annotated[bool, typer.Option("--tampered", help="Another sex than the maker signed.")] = False,
    cloned: Annotated[bool, typer.Option("--cloned", help="All files, but keys of its own.")] = False,
    revoked: Annotated[bool, typer.Option("--revoked", help="Only marked: the authority's list must say it.")] = False,
    worn_out: Annotated[
        int, typer.Option("--worn-out", metavar="N", help="Answer 6F00 to one command in N, 2 or more.")
    ] = 0,
    seed: Annotated[int, typer.Option(metavar="SEED", help="Which commands those are.")] = 0,
) -> None:
    """Make a spoilt copy of a card, for those who must not believe it.

    Example: warifu card spoil card.json cloned.json --cloned
    """
    from warifu_kit.reader.card_file import kept_card, new_card

    if worn_out == 1 or worn_out < 0:
        raise typer.BadParameter("should be 2 or more", param_hint="--worn-out")
    with taken_by_the_card("--tampered"):
        chip = _spoilt(kept_card(card), tampered=tampered, cloned=cloned, revoked=revoked)
    if worn_out:
        from warifu.card.making import worn_out as wearing_out

        chip = wearing_out(chip, worn_out, seed)
    if not chip.switches:
        raise typer.BadParameter("nothing would be spoilt: say one of them", param_hint=_HOW)
    new_card(copy, chip)
    say(f"{copy}: a SIMULATED card ({', '.join(sorted(chip.switches))})")


def _spoilt(chip: Chip, *, tampered: bool, cloned: bool, revoked: bool) -> Chip:
    from warifu.card import making
    from warifu.card.secrets import PrivateKey

    if tampered:
        chip = making.tampered(chip)
    if cloned:
        chip = making.cloned(chip, PrivateKey.generate())
    return making.revoked(chip) if revoked else chip
