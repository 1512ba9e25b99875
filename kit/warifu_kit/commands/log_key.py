"""Public keys as a command is given them: the log's and its witnesses', a file or the text; and other small files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu.saved_text import without_mark

if TYPE_CHECKING:
    from warifu.tlog.cosignature import Witness

__all__ = ["Wanted", "WitnessKeys", "key_text", "read_small", "wanted_witnesses"]

Wanted = Annotated[
    int, typer.Option("--witnesses", metavar="K", min=0, help="Refuse a log that fewer than K witnesses cosigned.")
]
WitnessKeys = Annotated[
    str | None,
    typer.Option("--witness-key", metavar="FILE_OR_TEXT", help="The public keys of the witnesses (witness.vkey)."),
]

_LARGEST = 4096


def key_text(key: str) -> str:
    """The verifier key: what the file holds, or the text itself, which has two plus signs and no file is called.

    Raises: FILE_INVALID.
    """
    path = Path(key)
    if key.count("+") >= 2 and not path.exists():
        return key
    return read_small(path, "key").decode("utf-8", errors="replace").strip()


def wanted_witnesses(count: int, keys: str | None) -> tuple[Witness, ...]:
    """The witnesses of whom ``count`` are wanted; ``keys`` is a file, or the text. Raises: KEY_INVALID, FILE_INVALID.

    typer.BadParameter when there are none to count, or fewer than are wanted.
    """
    from warifu.party.witness_file import witnesses_in

    if keys is None:
        if count:
            raise typer.BadParameter("say whose cosignatures count, with --witness-key", param_hint="--witnesses")
        return ()
    witnesses = witnesses_in(key_text(keys), where="witness key")
    if len(witnesses) < count:
        raise typer.BadParameter(f"there are {len(witnesses)} witnesses in --witness-key", param_hint="--witnesses")
    return witnesses


def read_small(path: Path, what: str) -> bytes:
    """The first 4,096 bytes of a file that is ``what``. Raises: FILE_INVALID."""
    try:
        with path.open("rb") as file:
            return without_mark(file.read(_LARGEST))
    except OSError as error:
        where = f"{path}: the {what} cannot be read ({error.strerror})"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None
