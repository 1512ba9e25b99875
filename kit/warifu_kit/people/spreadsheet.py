"""A table as a spreadsheet saves it: bytes in, a header and rows of cells out, each with its line.

Decides in which encoding the bytes are, which character separates the cells, and which rows are none: notes above the
header, blank rows, rows of separators alone, empty cells beyond the last column. It reads what leaves no doubt and
refuses the rest with what it seems to be. It knows no column's meaning; no message repeats a cell.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

from warifu.saved_text import NotTextError, decode_cp932, decode_text, without_mark

__all__ = ["ENCODINGS", "Encoding", "Row", "Table", "read_table"]

Encoding = Literal["auto", "utf-8", "utf-16", "cp932"]

ENCODINGS: Final[tuple[Encoding, ...]] = ("auto", "utf-8", "utf-16", "cp932")
"""What a reader may be told. ``auto``: UTF-16 where the file's byte order mark says so, else UTF-8."""

Row = tuple[int, list[str]]
"""The line a row starts on, counted from 1, and its cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """The header with its line, and the rows still to be read. Reading them may raise NotTextError."""

    header_line: int
    header: list[str]
    rows: Iterator[Row]


def read_table(raw: bytes, columns: Sequence[str], encoding: Encoding = "auto") -> Table:
    """The table in ``raw``; ``columns`` are the names its header may have, which tell the separator.

    Raises: NotTextError, with the line, for another encoding or separator than it can read, and for broken quoting.
    """
    text = _decoded(raw, encoding)
    body = _NOTES.sub("", text, count=1)
    skipped = len(_LINE_END.findall(text, 0, len(text) - len(body)))
    separator = max(_SEPARATORS, key=lambda each: _known_names(body, each, columns))
    if not _known_names(body, separator, columns):
        _refuse_other_separator(body, skipped, columns)
    rows = _rows(body, skipped, separator)
    header_line, header = next(rows, (1, []))
    while header and not header[-1]:
        header.pop()
    return Table(header_line, header, _cut(rows, len(header)))


_SEPARATORS: Final = (",", ";", "\t")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NOTES: Final = re.compile(r"\A(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))+")
_NOT_CSV: Final = "is not CSV: look for a stray or missing quote"

_REMEDIES: Final = {
    "CP932 (Shift_JIS)": "say so with --encoding cp932, or save it as CSV UTF-8",
    "UTF-16 without its byte order mark": "say so with --encoding utf-16, or save it as CSV UTF-8",
}


def _decoded(raw: bytes, encoding: Encoding) -> str:
    if encoding == "cp932":
        return _as_cp932(raw)
    if encoding == "utf-16" or (encoding == "auto" and _has_utf_16_mark(raw)):
        return _as_utf_16(raw)
    try:
        return decode_text(raw)
    except NotTextError as error:
        if error.seems is None:
            raise
        remedy = _REMEDIES.get(error.seems, "save it as CSV UTF-8")
        raise NotTextError(error.line, f"is not UTF-8 but seems to be {error.seems}: {remedy}") from None


def _as_cp932(raw: bytes) -> str:
    """CP932. UTF-8 often reads as CP932 too, as nonsense; so what is UTF-8 beyond ASCII is not taken for CP932."""
    try:
        utf_8 = not raw.isascii() and bool(raw.decode())
    except UnicodeDecodeError:
        utf_8 = False
    if utf_8 or without_mark(raw) != raw:
        raise NotTextError(1, "is UTF-8, as is all of the file: leave --encoding cp932 out")
    return decode_cp932(raw)


def _has_utf_16_mark(raw: bytes) -> bool:
    return raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _as_utf_16(raw: bytes) -> str:
    """UTF-16; without a mark, in the order that makes the first character an ASCII one, as a note or a header has."""
    if not _has_utf_16_mark(raw) and b"\0" not in raw[:2]:
        raise NotTextError(1, "is not UTF-16: leave --encoding utf-16 out")
    order = "utf-16" if _has_utf_16_mark(raw) else "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    try:
        return raw.decode(order)
    except UnicodeDecodeError as error:
        line = raw[: error.start].decode(order, errors="replace").count("\n") + 1
        raise NotTextError(line, "is not UTF-16") from None


def _rows(body: str, skipped: int, separator: str) -> Iterator[Row]:
    """The rows that hold something, each with its line; ``skipped`` lines stood above ``body``."""
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    line, header_met = skipped + 1, False
    try:
        for cells in reader:
            # A spreadsheet puts a note that has a separator in it into quotes, and separators behind any note.
            if any(map(str.strip, cells)) and (header_met or not cells[0].startswith("#")):
                header_met = True
                yield line, cells
            line = skipped + reader.line_num + 1
    except csv.Error:
        raise NotTextError(line, _NOT_CSV) from None


def _known_names(body: str, separator: str, columns: Sequence[str]) -> int:
    """How many of ``columns`` the header has when cells are separated so."""
    try:
        _, header = next(_rows(body, 0, separator), (1, []))
    except NotTextError:
        return 0
    return len(set(header) & set(columns))


def _refuse_other_separator(body: str, skipped: int, columns: Sequence[str]) -> None:
    """Say which character stands between names of columns, where no known separator does."""
    names = "|".join(map(re.escape, columns))
    between = re.compile(rf"""["']?(?:{names})["']?([^\w"'\r\n])["']?(?:{names})\b""")
    for number, line in enumerate(islice(io.StringIO(body), 50), skipped + 1):
        if (found := between.search(line)) is not None:
            shown = f"“{found[1]}”" if found[1].isprintable() and found[1] != " " else "blanks"
            raise NotTextError(number, f"seems to be separated by {shown}: use commas, semicolons or tabs")


def _cut(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """The rows without empty cells beyond the last column."""
    for line, cells in rows:
        while len(cells) > width and not cells[-1]:
            cells.pop()
        yield line, cells
