"""Reads and writes residents as CSV, so that a user's own made-up people can fill a network.

Decides whether a file is such a list: all of it or nothing. Faults are named with their line and their column; no
message repeats a value, since a file might hold what it should not. How a spreadsheet writes a table is the affair of
``spreadsheet``, what a cell means that of ``residents_columns``; both are described in ``docs/data.md``. There is no
column for My Numbers: the numbering authority of the network designates those.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu.saved_text import NotTextError
from warifu_kit.people.households import HEAD
from warifu_kit.people.residents import Resident
from warifu_kit.people.residents_columns import COLUMNS, CellFault, as_cell, read_cell
from warifu_kit.people.spreadsheet import Encoding, Table, read_table

__all__ = ["COLUMNS", "MAX_BYTES", "MAX_PEOPLE", "read_csv", "write_csv"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest file read, in bytes."""

MAX_PEOPLE: Final = 200_000
"""The most residents a file may list."""

_NOTICE: Final = "# SIMULATED people. Never put real people into this file."

_MOST_LISTED: Final = 100
"""The most faults that one refusal names; of the others it says how many there are."""


class _Fault(NamedTuple):
    line: int
    text: str


def read_csv(path: Path, encoding: Encoding = "auto") -> list[Resident]:
    """The residents in ``path``: a header, then one row per resident, separated by commas, semicolons or tabs.

    ``auto`` reads UTF-8, with or without a byte order mark, and UTF-16 with one; any other encoding has to be named.
    Lines that start with # above the header, blank lines, and rows of separators alone are passed over.

    Raises: FILE_INVALID, whose ``where`` lists faults as ``file:line column message``, joined by "; ": the first hundred,
        and how many more there are.
    """
    try:
        return _residents(path, read_table(_content(path), COLUMNS, encoding))
    except NotTextError as error:
        raise _invalid(path, [_Fault(error.line, error.fault)]) from None


def _residents(path: Path, table: Table) -> list[Resident]:
    faults: list[_Fault] = []
    residents: list[tuple[int, Resident]] = []
    _check_header(path, table.header_line, table.header)
    for count, (line, cells) in enumerate(table.rows, 1):
        if count > MAX_PEOPLE:
            raise _invalid(path, [_Fault(line, f"is one row more than the {MAX_PEOPLE} a file may have")])
        resident = _resident(line, dict(zip(table.header, cells, strict=False)), len(cells), faults)
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
            writer.writerows([as_cell(getattr(resident, column)) for column in COLUMNS] for resident in residents)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        where = f"{path}: cannot be read ({error.strerror or type(error).__name__})"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None
    if len(raw) > MAX_BYTES:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: is larger than {MAX_BYTES} bytes")
    return raw


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
    for column in COLUMNS:
        try:
            values[column] = read_cell(column, row[column])
        except CellFault as bad:
            faults.append(_Fault(line, f"{column} {bad}"))
    if len(values) < len(COLUMNS):
        return None
    if values["became_resident_on"] < values["date_of_birth"].earliest:
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


def _invalid(path: Path, faults: Iterable[_Fault]) -> WarifuError:
    found = sorted(faults, key=lambda fault: fault.line)
    told = [f"{path}:{fault.line} {fault.text}" for fault in found[:_MOST_LISTED]]
    if len(found) > _MOST_LISTED:
        told.append(f"{path}: and {len(found) - _MOST_LISTED} more faults")
    return WarifuError(Reason.FILE_INVALID, where="; ".join(told))
