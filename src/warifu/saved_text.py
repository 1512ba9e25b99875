r"""Text in files that people save with a program of theirs: an editor, a spreadsheet.

Decides what the bytes of such a file say: UTF-8, with or without the byte order mark that many programs put in front of
it. Where they say something else, it decides on which line, and what they seem to be instead. In JSON it finds the
escaped half of a character (a lone surrogate such as ``\ud800``), which reads well and cannot be written anywhere.

Must never know: files, and what the text is for. No message repeats anything of the text.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

__all__ = [
    "NotTextError",
    "decode_cp932",
    "decode_json",
    "decode_text",
    "join_surrogates",
    "parse_json",
    "seems_to_be",
    "without_mark",
]


class NotTextError(ValueError):
    """Bytes that are not the text they should be: ``line``, counted from 1, ``fault`` in words, and what they seem to be.

    ``seems`` is the word of :func:`seems_to_be`, None where nothing is guessed.
    """

    def __init__(self, line: int, fault: str, *, seems: str | None = None) -> None:
        super().__init__(f"line {line} {fault}")
        self.line = line
        self.fault = fault
        self.seems = seems

    def at(self, name: str) -> str:
        """The fault with the file it is in: ``name:line fault``."""
        return f"{name}:{self.line} {self.fault}"


def without_mark(raw: bytes) -> bytes:
    """The bytes without the UTF-8 byte order mark, where there is one."""
    return raw.removeprefix(codecs.BOM_UTF8)


def decode_text(raw: bytes) -> str:
    """The text of ``raw``, without a byte order mark. Raises: NotTextError, saying what else it seems to be."""
    try:
        return without_mark(raw).decode()
    except UnicodeDecodeError as error:
        seems = seems_to_be(raw)
        told = f"is not UTF-8 but seems to be {seems}: save it as UTF-8" if seems else "is not UTF-8"
        raise NotTextError(without_mark(raw).count(b"\n", 0, error.start) + 1, told, seems=seems) from None


def decode_json(raw: bytes) -> str:
    """The text of ``raw``, in which every escaped surrogate has its other half. Raises: NotTextError."""
    text = decode_text(raw)
    for escape in _ESCAPE.finditer(text):
        if escape["lone"]:
            line = text.count("\n", 0, escape.start()) + 1
            raise NotTextError(line, "has an escape that is half a character (a surrogate without its other half)")
    return text


def parse_json(raw: bytes) -> object:
    """What the JSON in ``raw`` says (RFC 8259). Raises: NotTextError, with the line."""
    text = decode_json(raw)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NotTextError(error.lineno, f"is not JSON: {error.msg}") from None
    except (RecursionError, ValueError):  # ValueError: a number of more digits than Python reads
        raise NotTextError(1, "is not JSON that can be read: nested too deeply, or a number too long") from None


def join_surrogates(text: str) -> str:
    """``text`` with every pair of surrogates as the one character it means. Raises: ValueError where one is alone."""
    return text if _SURROGATE.search(text) is None else text.encode("utf-16", "surrogatepass").decode("utf-16")


def decode_cp932(raw: bytes) -> str:
    """The text of ``raw`` in CP932, Microsoft's Shift_JIS. Raises: NotTextError for a byte that CP932 does not define."""
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError as error:
        raise NotTextError(raw.count(b"\n", 0, error.start) + 1, "is not CP932") from None
    if (undefined := _UNDEFINED_IN_CP932.search(text)) is not None:
        raise NotTextError(text.count("\n", 0, undefined.start()) + 1, "is not CP932")
    return text


def seems_to_be(raw: bytes) -> str | None:
    """What bytes that are not UTF-8 seem to be, in words; None where nothing speaks for an encoding.

    A guess for a message. Nothing is read by it: a wrong guess would change names and tell nobody.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    start = raw[:_LOOKED_AT]
    if start.count(b"\0") * 4 > len(start):
        return "UTF-16 without its byte order mark"
    if _begins_as_utf8(raw):
        return None
    if _reads_as(raw, "euc_jp"):
        return "EUC-JP"
    return "CP932 (Shift_JIS)" if _is_cp932(raw) else None


_LOOKED_AT: Final = 4096
_SURROGATE: Final = re.compile("[\ud800-\udfff]")

# Every backslash of a JSON text begins an escape inside a string, so escapes can be walked through one after the other.
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)

# Single bytes 80, A0, FD, FE and FF: no character of CP932, but Python's codec passes them on.
_UNDEFINED_IN_CP932: Final = re.compile("[\x80\uf8f0-\uf8f3]")


def _begins_as_utf8(raw: bytes) -> bool:
    """Whether UTF-8 beyond ASCII comes before the first fault: such a file is UTF-8 with a damaged place."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return not raw[: error.start].isascii()
    return True


def _is_cp932(raw: bytes) -> bool:
    try:
        decode_cp932(raw)
    except NotTextError:
        return False
    return True


def _reads_as(raw: bytes, encoding: str) -> bool:
    """Whether all of it reads as ``encoding``, and as text: without controls."""
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return re.search("[\x80-\x9f]", text) is None
