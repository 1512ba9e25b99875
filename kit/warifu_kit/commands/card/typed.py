"""PINs as people type them: never an argument, never a variable of the environment, never shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from warifu.card.secrets import Pin

__all__ = ["typed_pin"]

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
