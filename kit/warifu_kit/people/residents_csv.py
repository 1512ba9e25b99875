"""Reads and writes residents as CSV, so that a user's own made-up people can fill a network.

Decides whether a file is such a list: all of it or nothing. Faults are named with their line and their column; no
message repeats a value, since a file might hold what it should not. The columns are described in
``docs/data.md``. There is none for My Numbers: the numbering authority of the network designates those.
"""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu_kit.people.households import HEAD
from warifu_kit.people.municipalities import municipalities
from warifu_kit.people.residents import Resident, Sex

__all__ = ["COLUMNS", "MAX_BYTES", "MAX_PEOPLE", "read_csv", "write_csv"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest file read, in bytes."""

MAX_PEOPLE: Final = 200_000
"""The most residents a file may list."""

# Controls, invisible format characters, broken surrogates, line and paragraph separators; not the full-width blank that
# Japanese names are written with, nor the private-use characters some registries need.
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_NOTICE: Final = "# SIMULATED people. Never put real people into this file."


_MOST_LISTED: Final = 100
"""The most faults that one refusal names; of the others it says how many there are."""


class _Fault(NamedTuple):
    line: int
    text: str


class _Bad(Exception):  # noqa: N818 - never leaves this module
    """A value that is not what its column asks for; says what it should be."""


def read_csv(path: Path) -> list[Resident]:
    """The residents in ``path``: UTF-8 with or without a byte order mark, a header, then one row per resident.

    Lines that start with # above the header, and blank lines, are passed over.

    Raises: FILE_INVALID, whose ``where`` lists faults as ``file:line column message``, joined by "; ": the first hundred,
        and how many more there are.
    """
    faults: list[_Fault] = []
    residents: list[tuple[int, Resident]] = []
    rows = _rows(path)
    header_line, header = next(rows, (1, []))
    _check_header(path, header_line, header)
    for count, (line, cells) in enumerate(rows, 1):
        if count > MAX_PEOPLE:
            raise _invalid(path, [_Fault(line, f"is one row more than the {MAX_PEOPLE} a file may have")])
        resident = _resident(line, dict(zip(header, cells, strict=False)), len(cells), faults)
        if resident is not None:
            residents.append((line, resident))
    faults.extend(_repetitions(residents))
    # A head may be in a row that could not be read, so this is looked at only when all could.
    faults.extend([] if faults else _headless(residents))
    if faults:
        raise _invalid(path, faults)
    return [resident for _, resident in residents]


def write_csv(path: Path, residents: Iterable[Resident]) -> None:
    """Write ``residents`` to ``path`` so that :func:`read_csv` gives them back; replaces the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(f"{_NOTICE}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([_cell(getattr(resident, column)) for column in COLUMNS] for resident in residents)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of the file with the line each starts on."""
    text = _text(path)
    body = re.sub(r"\A(?:#[^\n]*\n)*", "", text)
    skipped = text.count("\n", 0, len(text) - len(body))
    reader = csv.reader(io.StringIO(body, newline=""), strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = skipped + reader.line_num + 1
    except csv.Error:
        raise _invalid(path, [_Fault(line, "is not CSV: look for a stray or missing quote")]) from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        where = f"{path}: cannot be read ({error.strerror or type(error).__name__})"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None
    if len(raw) > MAX_BYTES:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: is larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid(path, [_Fault(raw.count(b"\n", 0, error.start) + 1, "is not UTF-8")]) from None


def _check_header(path: Path, line: int, header: list[str]) -> None:
    """A header names every column once, in any order. A strange name is not repeated: it may be a person's row."""
    faults = [_Fault(line, f"column {column} is missing") for column in COLUMNS if column not in header]
    for position, column in enumerate(header, 1):
        if column not in COLUMNS:
            faults.append(_Fault(line, f"column number {position} is none of the known columns"))
        elif column in header[: position - 1]:
            faults.append(_Fault(line, f"column {column} is there twice"))
    if faults:
        raise _invalid(path, faults)


def _resident(line: int, row: Mapping[str, str], cells: int, faults: list[_Fault]) -> Resident | None:
    if cells != len(COLUMNS):
        faults.append(_Fault(line, f"has {cells} fields instead of {len(COLUMNS)}"))
        return None
    values: dict[str, Any] = {}
    for column, read in _READERS.items():
        try:
            values[column] = read(row[column])
        except _Bad as bad:
            faults.append(_Fault(line, f"{column} {bad}"))
    if len(values) < len(COLUMNS):
        return None
    if values["became_resident_on"] < values["date_of_birth"]:
        faults.append(_Fault(line, "became_resident_on is before date_of_birth"))
        return None
    return Resident(**values)


def _repetitions(residents: Iterable[tuple[int, Resident]]) -> Iterator[_Fault]:
    numbers: dict[int, int] = {}
    people: dict[tuple[object, ...], int] = {}
    heads: dict[tuple[MunicipalityCode, int], int] = {}
    for line, resident in residents:
        if (first := numbers.setdefault(resident.resident_number, line)) != line:
            yield _Fault(line, f"resident_number is that of line {first} again")
        person = (resident.name, resident.kana, resident.date_of_birth, resident.sex, resident.address)
        if (first := people.setdefault(person, line)) != line:
            yield _Fault(line, f"name, kana, date_of_birth, sex and address are those of line {first} again")
        if resident.head and (first := heads.setdefault(_home(resident), line)) != line:
            yield _Fault(line, f"relationship_to_head makes a second head of the household of line {first}")


def _headless(residents: Iterable[tuple[int, Resident]]) -> Iterator[_Fault]:
    lines: dict[tuple[MunicipalityCode, int], int] = {}
    headed: set[tuple[MunicipalityCode, int]] = set()
    for line, resident in residents:
        lines.setdefault(_home(resident), line)
        if resident.head:
            headed.add(_home(resident))
    for home, line in lines.items():
        if home not in headed:
            yield _Fault(line, f"household_number names a household of which nobody is the head ({HEAD})")


def _home(resident: Resident) -> tuple[MunicipalityCode, int]:
    return resident.municipality_code, resident.household_number


def _words(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not 0 < len(text) <= longest or text != text.strip() or _UNPRINTABLE & {*map(unicodedata.category, text)}:
            raise _Bad(f"should be 1 to {longest} printable characters without blanks around them")
        return text

    return read


def _katakana(text: str) -> str:
    if not re.fullmatch(r"(?=.{1,100}\Z)[ァ-ヴー・]+(?:[ \u3000][ァ-ヴー・]+)*", text):
        raise _Bad("should be 1 to 100 full-width katakana with single blanks between words")
    return text


def _date(text: str) -> datetime.date:
    try:
        if not re.fullmatch(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise _Bad("should be a date YYYY-MM-DD from 1900 to 2099") from None


def _sex(text: str) -> Sex:
    try:
        return Sex(text)
    except ValueError:
        raise _Bad("should be male or female") from None


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"0|[1-9][0-9]{0,11}", text) or not lowest <= int(text) <= highest:
            raise _Bad(f"should be a whole number from {lowest} to {highest}, in plain digits")
        return int(text)

    return read


def _yes(text: str) -> bool:
    if text not in {"true", "false"}:
        raise _Bad("should be true or false")
    return text == "true"


def _any_municipality(text: str) -> MunicipalityCode:
    try:
        return MunicipalityCode(text)
    except WarifuError:
        raise _Bad("should be a municipality code: six digits, leading zero kept, the last a check digit") from None


def _municipality(text: str) -> MunicipalityCode:
    if (municipality_code := _any_municipality(text)) not in municipalities():
        raise _Bad("should be the code of a municipality of today")
    return municipality_code


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "resident_number": _whole(1, 999_999_999),
    "name": _words(100),
    "kana": _katakana,
    "address": _words(200),
    "date_of_birth": _date,
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


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sex):
        return value.value
    return "" if value is None else str(value)


def _invalid(path: Path, faults: Iterable[_Fault]) -> WarifuError:
    found = sorted(faults, key=lambda fault: fault.line)
    told = [f"{path}:{fault.line} {fault.text}" for fault in found[:_MOST_LISTED]]
    if len(found) > _MOST_LISTED:
        told.append(f"{path}: and {len(found) - _MOST_LISTED} more faults")
    return WarifuError(Reason.FILE_INVALID, where="; ".join(told))
