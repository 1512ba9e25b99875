"""The four basic items (基本4情報): name, address, date of birth, sex; as a value, in a certificate, and compared.

Decides how each is written into a signing certificate, which characters a certificate cannot hold and puts a substitute for, and
when two spellings of a name or an address are the same. Knows no certificate and nobody's key. Masked when printed.
"""

from __future__ import annotations

import datetime
import enum
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = [
    "LONGEST_ADDRESS",
    "LONGEST_NAME",
    "SUBSTITUTE",
    "FourItems",
    "Sex",
    "birth_date_in",
    "era_text",
    "same_text",
    "substituted",
]

LONGEST_NAME: Final = 100
"""Characters in a name, of our own choosing: the real bound is not known."""

LONGEST_ADDRESS: Final = 200
"""Characters in an address."""

SUBSTITUTE: Final = "〓"
"""What stands for a character that a certificate cannot hold."""

_ERAS: Final = (
    (datetime.date(2019, 5, 1), "5"),
    (datetime.date(1989, 1, 8), "4"),
    (datetime.date(1926, 12, 25), "3"),
    (datetime.date(1912, 7, 30), "2"),
    (datetime.date(1868, 10, 23), "1"),
)
_ERA_TEXT = re.compile(r"[0-5](\d{4})(\d{2})(\d{2})", re.ASCII)
_BLANKS = re.compile(r"\s+")
_NUMBERED = re.compile(r"(?<=\d)(?:丁目|番地の|番地|番の|番|号|の(?=\d))-?")
_KANJI_BLOCK = re.compile(r"([一二三四五六七八九])(?=丁目)")
_KANJI_DIGITS: Final = {kanji: str(number) for number, kanji in enumerate("一二三四五六七八九", 1)}
_OLD_AND_NEW: Final = str.maketrans("髙﨑邊邉齋齊濵濱德澤國廣眞櫻龍瀧", "高崎辺辺斎斉浜浜徳沢国広真桜竜滝")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-"))


class Sex(enum.Enum):
    """As certificates and chips write it."""

    MALE = "1"
    FEMALE = "2"
    OTHER = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class FourItems:
    """The four items of one person. Shows nothing of them.

    Raises: REQUEST_MALFORMED, naming the item, for a name or an address that is empty, too long or has control characters.
    """

    name: str = field(repr=False)
    address: str = field(repr=False)
    birth_date: datetime.date = field(repr=False)
    sex: Sex = field(repr=False)

    def __post_init__(self) -> None:
        for item, text, longest in (("name", self.name, LONGEST_NAME), ("address", self.address, LONGEST_ADDRESS)):
            if not 1 <= len(text) <= longest or _has_controls(text):
                raise WarifuError(Reason.REQUEST_MALFORMED, where=f"four_items.{item}")

    @classmethod
    def parse(cls, *, name: str, address: str, birth_date: str, sex: str, where: str = "four_items") -> FourItems:
        """From text as messages have it: ``birth_date`` is YYYYMMDD, ``sex`` 1, 2 or 3. Raises: REQUEST_MALFORMED."""
        try:
            born = datetime.datetime.strptime(birth_date, "%Y%m%d").replace(tzinfo=datetime.UTC).date()
            if birth_date != f"{born:%Y%m%d}":
                raise ValueError
        except ValueError:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.birth_date") from None
        if sex not in {each.value for each in Sex}:
            raise WarifuError(Reason.REQUEST_MALFORMED, where=f"{where}.sex")
        return cls(name=name, address=address, birth_date=born, sex=Sex(sex))

    @property
    def birth_text(self) -> str:
        """YYYYMMDD."""
        return f"{self.birth_date.year:04d}{self.birth_date:%m%d}"

    def differing(self, other: FourItems) -> tuple[str, ...]:
        """Which items differ, by name, once both are normalised (:func:`same_text`)."""
        found = {
            "name": not same_text(self.name, other.name),
            "address": not same_text(self.address, other.address),
            "birth_date": self.birth_date != other.birth_date,
            "sex": self.sex is not other.sex,
        }
        return tuple(item for item, differs in found.items() if differs)


def era_text(birth_date: datetime.date) -> str:
    """EYYYYMMDD: a digit for the Japanese era (1 Meiji to 5 Reiwa, 0 before), and the Gregorian date."""
    era = next((digit for begun, digit in _ERAS if birth_date >= begun), "0")
    return f"{era}{birth_date.year:04d}{birth_date:%m%d}"


def birth_date_in(text: str) -> datetime.date:
    """The date in EYYYYMMDD, whose era must be the date's or 0. Raises: ValueError."""
    found = _ERA_TEXT.fullmatch(text)
    if found is None:
        raise ValueError("not EYYYYMMDD")
    born = datetime.date(*map(int, found.groups()))
    if text[0] not in {"0", era_text(born)[0]}:
        raise ValueError("the era is not the date's")
    return born


def substituted(text: str) -> tuple[str, str]:
    """``text`` as a certificate holds it, and its map: a 1 for every character that a substitute stands for, else 0.

    Kept are the characters of JIS X 0208 and JIS X 0212 (levels 1 and 2 and the supplementary ones).
    """
    held = [_is_held(character) for character in text]
    kept = "".join(c if is_held else SUBSTITUTE for c, is_held in zip(text, held, strict=True))
    return kept, "".join("0" if is_held else "1" for is_held in held)


def same_text(one: str, other: str) -> bool:
    """Whether two spellings are one name or address: width, blanks, old kanji and how blocks are numbered do not count.

    A substitute is equal to one character, whatever that is.
    """
    left, right = _normal(one), _normal(other)
    return len(left) == len(right) and all(a == b or SUBSTITUTE in (a, b) for a, b in zip(left, right, strict=True))


def _normal(text: str) -> str:
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", text)).translate(_OLD_AND_NEW).translate(_DASHES)
    plain = _KANJI_BLOCK.sub(lambda found: _KANJI_DIGITS[found[1]], plain)
    return _NUMBERED.sub("-", plain).rstrip("-")


def _is_held(character: str) -> bool:
    try:
        return character.isascii() or len(character.encode("euc_jp")) > 1
    except UnicodeEncodeError:
        return False


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs", "Cn"} for character in text)
