"""Other spellings of a local number: each is nobody's, and each is taken for the number by some way of looking people up.

Decides how a number is written otherwise: by a slip of the keys, by a pattern, by what a database or a language folds. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["SPELLINGS", "Spelling"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """``name`` is the end of its case's; ``words`` follow "a number". ``change`` may give back another known number."""

    name: str
    words: str
    change: Callable[[str], str]


def _other_case(number: str) -> str:
    return number.swapcase() if number.swapcase() != number else f"{number}a"


def _full_width(character: str) -> str:
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character


def _all_full_width(number: str) -> str:
    return "".join(_full_width(each) for each in number)


def _digits_full_width(number: str) -> str:
    changed = "".join(_full_width(each) if each.isdigit() else each for each in number)
    return changed if changed != number else f"{number}９"


def _without_marks(number: str) -> str:
    bare = "".join(each for each in number if each.isalnum())
    return bare if bare != number else f"{number[:1]}-{number[1:]}"


def _zero_before(number: str) -> str:
    """A zero before its last run of digits."""
    digits = len(number) - len(number.rstrip("0123456789"))
    return f"{number[: len(number) - digits]}0{number[len(number) - digits :]}"


def _or(changed: str, number: str, instead: str) -> str:
    return changed if changed != number else instead


def _look_alike(number: str) -> str:
    """Its first character by one that compatibility folds onto it: a letter or digit of mathematics."""
    first = number[:1]
    for begin, end, at in (("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("0", "9", 0x1D7CE)):
        if begin <= first <= end:
            made = chr(at + ord(first) - ord(begin)) + number[1:]
            return made if unicodedata.normalize("NFKC", made) == number else f"{number}\u2460"
    return f"{number}\u2460"


def _inside(number: str, sign: str) -> str:
    """A sign for all that is between its first and its last character, and the sign never at an end."""
    return f"{number[:1]}{sign}{number[-1:]}"


def _one(number: str, sign: str) -> str:
    """A sign for one character that is neither the first nor the last, where there is one."""
    middle = len(number) // 2
    return f"{number[:middle]}{sign}{number[middle + 1 :]}" if 0 < middle < len(number) - 1 else f"{number}{sign}"


SPELLINGS = (
    Spelling("longer", "with one more digit", lambda number: f"{number}0"),
    Spelling("shorter", "that is the beginning of a known one", lambda number: number[:-1] or "0"),
    Spelling("end", "that is the end of a known one", lambda number: number[1:] or "0"),
    Spelling("in-a-list", "that is the second of a list", lambda number: f"X,{number}"),
    Spelling("with-comment", "with a comment of a database behind it", lambda number: f"{number}--"),
    Spelling(
        "percent-coded", "written as in an address of a page", lambda number: f"%{ord(number[:1]):02X}{number[1:]}"
    ),
    Spelling("of-a-path", "written as a file in its folder", lambda number: f"./{number}"),
    Spelling("behind-a-folder", "written as a file that is reached through another", lambda number: f"x/../{number}"),
    Spelling("with-query", "with a question behind it, as in an address of a page", lambda number: f"{number}?x=1"),
    Spelling("with-fragment", "with a part of a page behind it", lambda number: f"{number}#x"),
    Spelling("with-space", "with a space before it", lambda number: f" {number}"),
    Spelling("ends-with-space", "with a space behind it", lambda number: f"{number} "),
    Spelling("ends-with-newline", "with the end of a line behind it", lambda number: f"{number}\n"),
    Spelling("ends-with-crlf", "with the end of a line of Windows behind it", lambda number: f"{number}\r\n"),
    Spelling("begins-with-tab", "with a tab before it", lambda number: f"\t{number}"),
    Spelling("with-wide-space", "with an ideographic space behind it", lambda number: f"{number}\u3000"),
    Spelling("with-nothing-visible", "with a character behind it that nobody sees", lambda number: f"{number}\u200b"),
    Spelling("other-case", "in the other case", _other_case),
    Spelling("lower-case", "in small letters", lambda number: _or(number.lower(), number, f"{number}a")),
    Spelling("upper-case", "in capitals", lambda number: _or(number.upper(), number, f"{number}A")),
    Spelling("wildcard", "that is a pattern", lambda number: f"{number[:1]}%"),
    Spelling("underscore", "that is a pattern of one character", lambda number: f"{number[:-1]}_"),
    Spelling("begins-with-underscore", "that is a pattern in its first character", lambda number: f"_{number[1:]}"),
    Spelling("question-mark", "that is a pattern of files", lambda number: f"{number[:-1]}?"),
    Spelling("star", "that is another kind of pattern", lambda number: f"{number[:1]}*"),
    Spelling("dot", "that is a regular expression", lambda number: f"{number[:-1]}."),
    Spelling("dots", "that is a regular expression from its second character", lambda number: f"{number[:1]}.*"),
    Spelling("percent-first", "that is a pattern at its beginning", lambda number: f"%{number[1:] or number}"),
    Spelling("percent-inside", "that is a pattern in its middle", lambda number: _inside(number, "%")),
    Spelling("percent-around", "that is a pattern at both ends", lambda number: f"%{number[1:-1] or number}%"),
    Spelling("percent-alone", "that is a pattern and nothing else", lambda _: "%"),
    Spelling("underscore-inside", "that is a pattern of one character in its middle", lambda number: _one(number, "_")),
    Spelling(
        "star-first", "that is another kind of pattern at its beginning", lambda number: f"*{number[1:] or number}"
    ),
    Spelling("star-inside", "that is another kind of pattern in its middle", lambda number: _inside(number, "*")),
    Spelling("question-mark-inside", "that is a pattern of files in its middle", lambda number: _one(number, "?")),
    Spelling("dot-inside", "that is a regular expression in its middle", lambda number: _one(number, ".")),
    Spelling("bracketed", "with a class of characters in it", lambda number: f"[{number[:1]}]{number[1:]}"),
    Spelling("escaped", "with a backslash in it", lambda number: f"{number[:1]}\\{number[1:]}"),
    Spelling("quoted", "that ends a quotation", lambda number: f"{number}' OR '1'='1"),
    Spelling("quoted-otherwise", "that ends a quotation of the other kind", lambda number: f'{number}" OR "1"="1'),
    Spelling("with-nul", "with a NUL behind it", lambda number: f"{number}\0"),
    Spelling("full-width", "in full-width characters", _all_full_width),
    Spelling("digits-full-width", "in full-width digits", _digits_full_width),
    Spelling("accented", "with a mark on its last character", lambda number: f"{number}\u0301"),
    Spelling("without-marks", "with its hyphens left out or put in", _without_marks),
    Spelling("zero-before", "with a zero before its digits", _zero_before),
    Spelling("decomposed", "in other characters of the same look", _look_alike),
    Spelling("of-the-language", "that is a name in a programming language", lambda _: "constructor"),
)
"""Every one, in the order in which they are tried."""
