"""Command and response APDUs: how bytes are a command, and which status words there are.

Decides the cases of ISO/IEC 7816-3 section 12.1, short and extended, and refuses everything else as WRONG_LENGTH. Knows no
instruction.

Source of the status words: reference layouts of the card where they say so; ISO/IEC 7816-4 table 6 for the others (inferred).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["LONGEST", "Command", "StatusError", "Word", "parsed", "tries"]

LONGEST: Final = 65_544
"""Bytes of the longest command there can be: header, extended lengths and 65,535 bytes."""

_SHORT_ANY: Final = 256
_EXTENDED_ANY: Final = 65_536


class Word:
    """Status words, SW1 and SW2 in one number."""

    DONE: Final = 0x9000
    FAILING: Final = 0x6F00
    WRONG_LENGTH: Final = 0x6700
    NO_CHANNELS: Final = 0x6881
    NO_SECURE_MESSAGING: Final = 0x6882
    NO_CHAINING: Final = 0x6884
    NOT_THIS_KIND_OF_FILE: Final = 0x6981
    NOT_VERIFIED: Final = 0x6982
    BLOCKED: Final = 0x6984
    NO_CURRENT_FILE: Final = 0x6986
    WRONG_DATA: Final = 0x6A80
    NOT_FOUND: Final = 0x6A82
    NO_SUCH_RECORD: Final = 0x6A83
    WRONG_P1_P2: Final = 0x6A86
    WRONG_OFFSET: Final = 0x6B00
    UNKNOWN_INSTRUCTION: Final = 0x6D00
    UNKNOWN_CLASS: Final = 0x6E00


def tries(left: int) -> int:
    """63Cx: a PIN was wrong or asked about, and ``left`` tries remain."""
    return 0x63C0 | left


class StatusError(Exception):
    """A command ends with this status word and nothing else."""

    def __init__(self, word: int) -> None:
        super().__init__(f"{word:04X}")
        self.word = word


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``expected`` is the most bytes the terminal takes (Ne), None where it wants none.

    ``body`` may be a PIN: it is masked.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    body: bytes = field(default=b"", repr=False)
    expected: int | None = None


def parsed(sent: bytes) -> Command:
    """The command that ``sent`` is. Raises: StatusError (WRONG_LENGTH)."""
    if len(sent) < 4 or len(sent) > LONGEST:
        raise StatusError(Word.WRONG_LENGTH)
    body, expected = _body(sent[4:])
    cla, ins, p1, p2 = sent[:4]
    return Command(cla, ins, p1, p2, body, expected)


def _body(rest: bytes) -> tuple[bytes, int | None]:
    if not rest:
        return b"", None
    if len(rest) == 1:
        return b"", rest[0] or _SHORT_ANY
    if rest[0]:
        return _with_length(rest[1:], rest[0], 1, _SHORT_ANY)
    if len(rest) < 3:
        raise StatusError(Word.WRONG_LENGTH)
    length = int.from_bytes(rest[1:3], "big")
    if len(rest) == 3:
        return b"", length or _EXTENDED_ANY
    if not length:
        raise StatusError(Word.WRONG_LENGTH)
    return _with_length(rest[3:], length, 2, _EXTENDED_ANY)


def _with_length(rest: bytes, length: int, size: int, most: int) -> tuple[bytes, int | None]:
    """A body of ``length`` bytes, and behind it nothing or an expected length of ``size`` bytes."""
    if len(rest) == length:
        return rest, None
    if len(rest) != length + size:
        raise StatusError(Word.WRONG_LENGTH)
    return rest[:length], int.from_bytes(rest[length:], "big") or most
