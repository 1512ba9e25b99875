"""A file of bulk inquiries as real ones come: 18 fields a row, each of a fixed width, separated by commas; CP932, CRLF.

Decides what a row asks, and everything that is wrong with one, by field. A row that cannot be asked is its own fault: the
others are good. What the layout is taken from, and which of its fields have no known meaning, is in ``docs/guide/bulk.md``.
Must never know: networks, and what becomes of a row. No fault repeats what a field holds.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from warifu.errors import WarifuError
from warifu.identifiers import AffairCode, InstitutionCode, ItemCode, ProcedureCode
from warifu.saved_text import NotTextError, decode_cp932, without_mark

__all__ = ["FIELDS", "MOST_ROWS", "BadRow", "Fault", "Field", "Row", "Sheet", "read_sheet"]

MOST_ROWS: Final = 10_000
"""Rows in one file."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its number from 1, its Japanese name, and the most bytes it has."""

    number: int
    name: str
    width: int


FIELDS: Final = tuple(
    Field(number, name, width)
    for number, (name, width) in enumerate(
        (
            ("番号体系", 2),
            ("宛名番号", 15),
            ("統合宛名番号", 15),
            ("照会依頼日時", 17),
            ("情報照会者部署コード", 20),
            ("情報照会者ユーザーID", 20),
            ("情報照会者機関コード", 16),
            ("照会側不開示コード", 1),
            ("事務コード", 16),
            ("事務手続きコード", 16),
            ("情報照会者機関コード（委任元）", 16),
            ("情報提供者機関コード（委任元）", 16),
            ("情報提供者機関コード", 16),
            ("特定個人情報名コード", 16),
            ("照会条件区分", 1),
            ("照会年度区分", 1),
            ("照会開始日付", 8),
            ("照会終了日付", 8),
        ),
        start=1,
    )
)
"""The layout. The names are those that tools for the result file look for."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field, or, with ``field`` 0, with the whole row."""

    field: int
    text: str

    def __str__(self) -> str:
        return f"field {self.field} {FIELDS[self.field - 1].name} {self.text}" if self.field else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row that can be asked. ``line`` counts from 1; ``cells`` are its fields as they stand in the file.

    ``fiscal_year`` is 0 for the latest.
    """

    line: int
    cells: tuple[str, ...] = field(repr=False)
    local_number: str = field(repr=False)
    inquirer: InstitutionCode
    provider: InstitutionCode
    procedure_code: ProcedureCode
    item_code: ItemCode
    fiscal_year: int
    non_disclosure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """One row that cannot be asked, and why. ``repeats`` is the line of the row that asks the very same, 0 if none does."""

    line: int
    cells: tuple[str, ...] = field(repr=False)
    faults: tuple[Fault, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file, in the order of its lines."""

    rows: tuple[Row | BadRow, ...]

    def good(self) -> list[Row]:
        """The rows that can be asked."""
        return [row for row in self.rows if isinstance(row, Row)]

    def bad(self) -> list[BadRow]:
        """The rows that cannot."""
        return [row for row in self.rows if isinstance(row, BadRow)]


def read_sheet(raw: bytes, inquirer: InstitutionCode | None = None, digits: int | None = None) -> Sheet:
    """The rows in ``raw``, all by one inquirer: ``inquirer``, or else whoever the first row names.

    A local number is what field 2 has without the zeros that fill it up, or its last ``digits`` characters.

    Raises: NotTextError, with the line, when it is not CP932, has no rows, or more than :data:`MOST_ROWS`.
    """
    lines = _lines(raw)
    if len(lines) > MOST_ROWS:
        raise NotTextError(
            MOST_ROWS + 1, f"is one too many: a file has {MOST_ROWS:,} rows at most, this one {len(lines):,}"
        )
    if not lines:
        raise NotTextError(1, "is not there: the file is empty")
    rows, asked = list[Row | BadRow](), dict[tuple[object, ...], int]()
    for line, text in enumerate(lines, start=1):
        row = _read_row(line, text, digits)
        if isinstance(row, Row):
            inquirer = inquirer or row.inquirer
            row = _one_of(row, inquirer, asked)
        rows.append(row)
    return Sheet(tuple(rows))


def _lines(raw: bytes) -> list[str]:
    """The lines of the file; UTF-8 often reads as CP932 too, as nonsense, so what is UTF-8 beyond ASCII is refused."""
    if without_mark(raw) != raw or (not raw.isascii() and _is_utf_8(raw)):
        raise NotTextError(1, "is UTF-8, as is all of the file: the layout is CP932")
    if b"\0" in raw:
        raise NotTextError(
            raw.count(b"\n", 0, raw.index(b"\0")) + 1, "has a zero byte: is it UTF-16? The layout is CP932"
        )
    text = decode_cp932(raw).removesuffix("\x1a")  # which old programs put at a file's end
    lines = re.split(r"\r\n|\n", text)
    if lines[-1] == "":
        lines.pop()
    return lines


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _one_of(row: Row, inquirer: InstitutionCode, asked: dict[tuple[object, ...], int]) -> Row | BadRow:
    """The row, unless it is another inquirer's or asks what one before it asks."""
    if row.inquirer != inquirer:
        return BadRow(line=row.line, cells=row.cells, faults=(Fault(7, "is not the inquirer of this file"),))
    key = (row.local_number, row.procedure_code, row.provider, row.item_code, row.fiscal_year)
    first = asked.setdefault(key, row.line)
    if first == row.line:
        return row
    return BadRow(line=row.line, cells=row.cells, faults=(Fault(0, f"asks what line {first} asks"),), repeats=first)


def _read_row(line: int, text: str, digits: int | None) -> Row | BadRow:
    cells = tuple(text.split(","))
    if len(cells) != len(FIELDS):
        told = "is empty" if not text.strip() else f"has {len(cells)} fields instead of {len(FIELDS)}"
        return BadRow(line=line, cells=cells, faults=(Fault(0, told),))
    reading = _Reading(cells)
    row = Row(
        line=line,
        cells=cells,
        local_number=reading.local_number(digits),
        inquirer=reading.code(7, InstitutionCode.parse, "is no institution code: 16 digits"),
        provider=reading.code(13, InstitutionCode.parse, "is no institution code: 16 digits"),
        procedure_code=reading.code(10, ProcedureCode.parse, "is no procedure code: JT and 14 digits or capitals"),
        item_code=reading.code(14, ItemCode.parse, "is no name code: TM and 14 digits or capitals"),
        fiscal_year=reading.fiscal_year(),
        non_disclosure=reading.one_of(8, ("", "0", "1")) == "1",
    )
    reading.rest()
    faults = tuple(sorted(reading.faults, key=lambda fault: fault.field))
    return BadRow(line=line, cells=cells, faults=faults) if faults else row


Code = TypeVar("Code")


class _Reading:
    """One row's fields being read; ``faults`` are those found so far."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._cells = cells
        self.faults = list(_too_wide(cells))

    def code(self, number: int, parse: Callable[[str], Code], fault: str) -> Code:
        """A code; what stands there where it is none, which is then a fault."""
        text = self._text(number)
        try:
            return parse(text)
        except WarifuError:
            self._fault(number, fault if text else "is empty")
            return text  # type: ignore[return-value]  # the row is bad, and nobody reads it

    def local_number(self, digits: int | None) -> str:
        cell = self._text(2)
        found = cell.lstrip("0") if digits is None else cell[-digits:]
        if not found:
            self._fault(2, "is empty" if not cell else "is nothing but zeros")
        return found

    def one_of(self, number: int, values: Sequence[str]) -> str:
        text = self._text(number)
        if text not in values:
            self._fault(number, f"is none of {', '.join(value or 'empty' for value in values)}")
        return text

    def fiscal_year(self) -> int:
        """The fiscal year, April to March, in which both dates lie; 0 where there are none."""
        start, end = self._date(17), self._date(18)
        if start is None and end is None:
            return 0
        years = {_fiscal_year(day) for day in (start, end) if day is not None}
        if start is not None and end is not None and end < start:
            self._fault(18, "lies before field 17")
        elif len(years) > 1:
            self._fault(18, "lies in another fiscal year than field 17: one row asks for one")
        return min(years)

    def rest(self) -> None:
        """The fields that nothing is asked by."""
        self._matches(1, r"[0-9]{2}", "is not two digits")
        self._matches(4, r"(?:[0-9]{14}|[0-9]{17})?", "is no time: yyyyMMddHHmmssSSS")
        self.code(9, AffairCode.parse, "is no affair code: JM and 14 digits or capitals")
        for number in (11, 12):
            self._matches(number, r"", "is filled: delegated inquiries are not simulated")
        for number in (15, 16):
            self._matches(number, r"[0-9]?", "is not a digit")

    def _date(self, number: int) -> datetime.date | None:
        text = self._text(number)
        if text in ("", "00000000"):
            return None
        try:
            if not re.fullmatch(r"[0-9]{8}", text, re.ASCII):
                raise ValueError("not eight digits")
            return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            self._fault(number, "is no day: yyyyMMdd")
            return None

    def _matches(self, number: int, shape: str, fault: str) -> None:
        if not re.fullmatch(shape, self._text(number), re.ASCII):
            self._fault(number, fault)

    def _text(self, number: int) -> str:
        return self._cells[number - 1].strip(" ")

    def _fault(self, number: int, text: str) -> None:
        if number not in {fault.field for fault in self.faults}:
            self.faults.append(Fault(number, text))


def _too_wide(cells: Sequence[str]) -> Iterator[Fault]:
    for each, cell in zip(FIELDS, cells, strict=True):
        size = len(cell.encode("cp932"))
        if size > each.width:
            yield Fault(each.number, f"has {size} bytes instead of {each.width}")


def _fiscal_year(day: datetime.date) -> int:
    return day.year if day.month >= 4 else day.year - 1
