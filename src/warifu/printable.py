r"""Text that others wrote, shown to people or written to a log.

Decides which characters may stand in a line as they are. Letters of every script do, wide ones too. What moves the
cursor, colours the screen, ends the line, turns the direction of writing or is no character does not: it is shown as an
escape, ``\x1b`` for ESC, so that what is seen is what is there. A command that is suggested can be pasted into a shell. Knows nothing of markup or layout.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from typing import Final

__all__ = ["is_printable", "json_escaped", "printable", "shell_command"]

_CONTROLS = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: what terminals obey
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # direction of writing
    "\u200b\u2028\u2029\ufeff"  # nothing at all, or the end of a line
    "\ud800-\udfff"  # no characters: how Python keeps the bytes of a name that is not UTF-8
)
_CONTROL = re.compile(f"[{_CONTROLS}]")

# Controls, invisible format characters, broken surrogates, line and paragraph separators; not the full-width blank that
# Japanese names are written with, nor the private-use characters some registries need.
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_printable(text: str, longest: int) -> bool:
    """Whether ``text`` can be a name: 1 to ``longest`` characters that are seen, without blanks around them."""
    return 0 < len(text) <= longest and text == text.strip() and not _UNPRINTABLE & {*map(unicodedata.category, text)}


def printable(text: str) -> str:
    """``text`` in one line, with an escape for every character that would do something instead of being shown."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def json_escaped(document: str) -> str:
    """A JSON document in one line whose texts hold no such character: each is the escape that JSON has for it."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def shell_command(*words: object) -> str:
    """A command to be suggested: pasted into a shell it has exactly these words."""
    return " ".join(_quoted(str(word)) for word in words)


def _quoted(word: str) -> str:
    if printable(word) == word:
        return shlex.quote(word)
    escaped = "".join(f"\\x{byte:02x}" if byte < 0x20 or byte >= 0x7F else chr(byte) for byte in _escapable(word))
    return f"$'{escaped}'"


def _escapable(word: str) -> bytes:
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    try:
        return os.fsencode(escaped)  # the bytes of a file's name that is not UTF-8
    except UnicodeEncodeError:
        return escaped.encode("utf-8", "backslashreplace")
