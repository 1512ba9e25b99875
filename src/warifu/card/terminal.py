"""What a terminal says to a card: the other end of ``warifu.card.chip``, for programs that read one and sign with it.

Decides which commands a task takes, and what a status word means for whoever asked. Moves no bytes: ``transmit`` does, to a chip in this
process or through a reader. A PIN is in the command's bytes and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from warifu.card.apdu import Word
from warifu.card.secrets import Pin

__all__ = ["CardRefusedError", "Terminal"]

_CHUNK: Final = 256


class CardRefusedError(Exception):
    """The card answered with ``word`` instead of 9000. ``tries_left`` is None where the word says nothing of tries."""

    def __init__(self, word: int) -> None:
        super().__init__(f"the card answered {word:04X}")
        self.word = word
        self.tries_left = word & 0x0F if word & 0xFFF0 == 0x63C0 else 0 if word == Word.BLOCKED else None


class Terminal:
    """One terminal with a card before it. ``transmit`` takes a command's bytes and gives the response's.

    Every method raises CardRefusedError for any status word but 9000.
    """

    def __init__(self, transmit: Callable[[bytes], bytes]) -> None:
        self._transmit = transmit

    def select(self, aid: bytes) -> None:
        """Select an application. What was verified before is forgotten."""
        self._said(bytes([0x00, 0xA4, 0x04, 0x0C, len(aid)]) + aid)

    def select_file(self, identifier: int) -> None:
        """Select a file, PIN or key of the application."""
        self._said(b"\x00\xa4\x02\x0c\x02" + identifier.to_bytes(2, "big"))

    def read(self, identifier: int) -> bytes:
        """All of a file."""
        self.select_file(identifier)
        content = b""
        while True:
            try:
                part = self._said(b"\x00\xb0" + len(content).to_bytes(2, "big") + b"\x00")
            except CardRefusedError as refused:
                if refused.word == Word.WRONG_OFFSET and content:
                    return content
                raise
            content += part
            if len(part) < _CHUNK:
                return content

    def read_record(self, identifier: int, number: int) -> bytes:
        """Record ``number``, counted from 1."""
        return self._said(bytes([0x00, 0xB2, number, identifier << 3 | 4, 0x00]))

    def tries_left(self, identifier: int) -> int:
        """How often the PIN may still be tried; asking costs nothing."""
        self.select_file(identifier)
        word = int.from_bytes(self._transmit(b"\x00\x20\x00\x80")[-2:], "big")
        if word & 0xFFF0 != 0x63C0:
            raise CardRefusedError(word)
        return word & 0x0F

    def verify(self, identifier: int, pin: Pin) -> None:
        """Give the PIN. What was refused says how many tries are left."""
        self.select_file(identifier)
        self._said(bytes([0x00, 0x20, 0x00, 0x80, len(pin.sent)]) + pin.sent)

    def change(self, identifier: int, pin: Pin) -> None:
        """Put ``pin`` in place of the PIN that was verified."""
        self.select_file(identifier)
        self._said(bytes([0x00, 0x24, 0x01, 0x80, len(pin.sent)]) + pin.sent)

    def sign(self, key: int, p1: int, sent: bytes) -> bytes:
        """Sign with the key file ``key`` in the way ``p1`` (``warifu.card.signing``); up to 255 bytes."""
        self.select_file(key)
        return self._said(bytes([0x80, 0x2A, p1, 0x80, len(sent)]) + sent + b"\x00")

    def present(self, challenge: bytes) -> bytes:
        """The signature of the application's own key over ``challenge``: no PIN, and only the chip can make it."""
        return self._said(bytes([0x00, 0x88, 0x00, 0x00, len(challenge)]) + challenge + b"\x00")

    def _said(self, command: bytes) -> bytes:
        response = self._transmit(command)
        word = int.from_bytes(response[-2:], "big")
        if word != Word.DONE:
            raise CardRefusedError(word)
        return response[:-2]
