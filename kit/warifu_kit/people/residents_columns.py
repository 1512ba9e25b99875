"""What stands in each column of a list of residents, and how it is written.

Decides, cell by cell, what a text of a spreadsheet means. Where a spreadsheet writes one thing in several ways (TRUE,
1980/5/6) all of them are read, and nothing that could mean two things. A fault says what should stand there and never
repeats what does.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from warifu.errors import WarifuError
from warifu.identifiers import MunicipalityCode
from warifu.printable import is_printable
from warifu_kit.people.birth_date import BirthDate
from warifu_kit.people.municipalities import municipalities
from warifu_kit.people.residents import Sex

__all__ = ["COLUMNS", "CellFault", "as_cell", "read_cell"]

# The blocks Katakana (with its middle dot, double hyphen, long and repeating marks) and Katakana Phonetic Extensions; and
# the full-width equals sign, by which the double hyphen is written where a character set lacks it, as CP932 does.
_KATAKANA: Final = "\u30a0-\u30ff\u31f0-\u31ff\uff1d"


class CellFault(Exception):  # noqa: N818 - an answer of this module to the one that reads rows
    """A value that is not what its column asks for; says what it should be."""


def read_cell(column: str, text: str) -> object:
    """What ``text`` means in ``column``, one of :data:`COLUMNS`. Raises: CellFault."""
    return _READERS[column](text)


def as_cell(value: object) -> str:
    """The text from which :func:`read_cell` makes ``value`` again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sex):
        return value.value
    return "" if value is None else str(value)


def _words(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not is_printable(text, longest):
            raise CellFault(f"should be 1 to {longest} printable characters without blanks around them")
        return text

    return read


def _furigana(text: str) -> str:
    """Katakana, or nothing. A voiced sign of its own, as some systems save it, is joined to its letter."""
    joined = unicodedata.normalize("NFC", text)
    if text and not re.fullmatch(rf"(?=.{{1,100}}\Z)[{_KATAKANA}]+(?:[ \u3000][{_KATAKANA}]+)*", joined):
        raise CellFault("should be up to 100 full-width katakana with single blanks between words, or empty")
    return joined


_DATE: Final = "should be a date YYYY-MM-DD or YYYY/M/D from 1900 to 2099"


def _birth_date(text: str) -> BirthDate:
    try:
        return BirthDate.parse(text)
    except ValueError:
        raise CellFault(f"{_DATE}, with 00 for a day, or a month and day, that is unknown") from None


def _date(text: str) -> datetime.date:
    try:
        written = BirthDate.parse(text)
        if written.day is None:
            raise ValueError
    except ValueError:
        raise CellFault(_DATE) from None
    return written.earliest


def _sex(text: str) -> Sex:
    try:
        return Sex(text)
    except ValueError:
        raise CellFault("should be male or female") from None


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"0|[1-9][0-9]{0,11}", text) or not lowest <= int(text) <= highest:
            raise CellFault(f"should be a whole number from {lowest} to {highest}, in plain digits")
        return int(text)

    return read


def _yes(text: str) -> bool:
    lowered = text.lower() if text.isascii() else ""
    if lowered not in {"true", "false"}:
        raise CellFault("should be true or false")
    return lowered == "true"


def _any_municipality(text: str) -> MunicipalityCode:
    try:
        return MunicipalityCode(text)
    except WarifuError:
        raise CellFault(
            "should be a municipality code: six digits, leading zero kept, the last a check digit"
        ) from None


def _municipality(text: str) -> MunicipalityCode:
    if (municipality_code := _any_municipality(text)) not in municipalities():
        raise CellFault("should be the code of a municipality of today")
    return municipality_code


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "resident_number": _whole(1, 999_999_999),
    "name": _words(100),
    "kana": _furigana,
    "address": _words(200),
    "date_of_birth": _birth_date,
    "sex": _sex,
    "municipality_code": _municipality,
    "household_number": _whole(1, 999_999_999),
    "relationship_to_head": _words(20),
    "became_resident_on": _date,
    # A municipality one came from may have been merged away since.
    "previous_municipality_code": lambda text: _any_municipality(text) if text else None,
    "income_yen": _whole(0, 9_999_999_999),
    "dependants": _whole(0, 30),
    "insured": _yes,
    "auto_response_disabled": _yes,
    "non_disclosure": _yes,
    "self_info_blocked": _yes,
}

COLUMNS: Final = tuple(_READERS)
"""The columns, in the order they are written; a file may have them in any order."""
