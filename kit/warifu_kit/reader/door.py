"""The door of a running reader: by which ``warifu card`` puts a card in and takes it out.

Decides the words: one line of JSON each way. Only the reader's owner can knock (0600).
"""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from warifu.errors import Reason, WarifuError
from warifu_kit.reader.place import ReaderPlace

__all__ = ["LONGEST_LINE", "Asked", "asked", "knock", "refusal"]

LONGEST_LINE: Final = 8192
_PATIENCE_S: Final = 30.0
_Act = Literal["insert", "remove", "status"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command wants: the card to insert, if it is that."""

    act: _Act
    card: Path | None = None


def asked(line: bytes) -> Asked | None:
    """What a line says; None where it says nothing that a reader does."""
    try:
        told = json.loads(line)
        act, card = told["act"], told.get("card")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if act not in {"insert", "remove", "status"} or not isinstance(card, str if act == "insert" else type(None)):
        return None
    return Asked(act, None if card is None else Path(card))


def refusal(error: WarifuError) -> bytes:
    """The line that tells of an error."""
    return json.dumps({"reason": error.reason.value, "where": error.where}).encode() + b"\n"


def knock(place: ReaderPlace, want: Asked) -> str | None:
    """Have the reader do ``want``; the card's path that is in it afterwards, "" for none. None when there is no reader.

    Raises: WarifuError, as the reader says; PATH_UNUSABLE when it does not answer.
    """
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(_PATIENCE_S)
        try:
            knocking.connect(str(place.door))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        card = None if want.card is None else str(want.card.absolute())
        knocking.sendall(json.dumps({"act": want.act, "card": card}).encode() + b"\n")
        with knocking.makefile("rb") as lines:
            line = lines.readline(LONGEST_LINE)
    return _told(line, place)


def _told(line: bytes, place: ReaderPlace) -> str:
    try:
        told = json.loads(line)
        if "reason" not in told:
            return str(told["card"])
        reason, where = Reason(told["reason"]), str(told["where"])
    except (ValueError, KeyError, TypeError):
        where = f"{place.door}: the reader does not answer"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where) from None
    raise WarifuError(reason, where=where)
