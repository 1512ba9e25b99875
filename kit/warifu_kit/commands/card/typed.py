"""PINs as people type them: never an argument, never a variable of the environment, never shown; and what a card does not take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from warifu.card.secrets import Pin

__all__ = ["taken_by_the_card", "typed_pin"]

_LONGEST = 64


def typed_pin(what: str) -> Pin:
    """A PIN from the terminal, unseen; a line of standard input where that is no terminal.

    Raises: typer.BadParameter when there is none, or it has other than ASCII characters.
    """
    from warifu.card.secrets import Pin

    if sys.stdin.isatty():
        text = str(typer.prompt(what, hide_input=True))
    else:
        text = sys.stdin.readline(_LONGEST).rstrip("\r\n")
    if not text or not text.isascii():
        raise typer.BadParameter(f"{what}: type it, or give it as a line of standard input", param_hint="PIN")
    return Pin.of(text)


@contextmanager
def taken_by_the_card(hint: str) -> Iterator[None]:
    """Within it, what a card cannot take is a wrong command line, about ``hint``: typer.BadParameter."""
    from warifu.errors import Reason, WarifuError

    try:
        yield
    except WarifuError as refused:
        if refused.reason is not Reason.REQUEST_MALFORMED:
            raise
        raise typer.BadParameter(refused.where or "the card does not take it", param_hint=hint) from None
