"""A card in the field: the chip's file and what lasts until it loses power.

Decides that nothing a command changed is answered before it is on the disk, in the order the chip says, and that one file is in one
reader at a time. What commands do, ``warifu.card.chip`` decides.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import IO

from warifu.card.chip import answer
from warifu.card.chip_file import read_chip, written_chip
from warifu.card.chip_state import Chip, Session
from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.pki.files import write_private_file

__all__ = ["CardInField", "changed_card", "kept_card", "new_card"]

_LARGEST = 4 * 2**20


def kept_card(path: Path) -> Chip:
    """The chip in a file. Raises: FILE_INVALID."""
    try:
        with path.open("rb") as file:
            return read_chip(file.read(_LARGEST), str(path))
    except OSError as error:
        where = f"{path}: the card cannot be read ({error.strerror})"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None


def new_card(path: Path, chip: Chip) -> None:
    """Keep a chip in a file that must not be there yet. Raises: PATH_UNUSABLE, OSError."""
    if path.exists():
        raise WarifuError(
            Reason.PATH_UNUSABLE, where=f"{path}: there is a file already, and a card is not written over"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private_file(path, written_chip(chip))


def changed_card(path: Path, change: Callable[[Chip], Chip]) -> Chip:
    """Change a card that is in no reader, and keep it. Raises: FILE_INVALID, PATH_UNUSABLE, and what ``change`` raises."""
    with _claimed(path):
        chip = change(kept_card(path))
        write_private_file(path, written_chip(chip))
    return chip


class CardInField:
    """One card file in this reader, until :meth:`take_out`."""

    def __init__(self, path: Path) -> None:
        """Claim the file and read it. Raises: FILE_INVALID; PATH_UNUSABLE when another reader has it."""
        if not path.is_file():
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: there is no such card")
        self.path = path
        self._claim = _claimed(path)
        try:
            self._chip = kept_card(path)
        except WarifuError:
            self._claim.close()
            raise
        self._session = Session()

    def reset(self) -> None:
        """Power off and on: what was selected and verified is forgotten."""
        self._session = Session()

    def answer(self, command: bytes) -> bytes:
        """The response to ``command``, once all that it changed is on the disk. Raises: OSError: then nothing may be answered."""
        outcome = answer(self._chip, self._session, command, secrets.token_bytes)
        for chip in outcome.kept:
            write_private_file(self.path, written_chip(chip))
            self._chip = chip
        self._session = outcome.session
        return outcome.response

    def take_out(self) -> None:
        """Let go of the file."""
        self._claim.close()


def _claimed(path: Path) -> IO[str]:
    """The claim lies beside the card: the card's own file is replaced whenever it changes."""
    try:
        return claim(path.with_name(f".{path.name}.lock"))
    except BlockingIOError:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: the card is in a reader; take it out first") from None
