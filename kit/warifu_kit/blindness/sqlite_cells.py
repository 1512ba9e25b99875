"""Every value in a SQLite file, one by one, whatever its schema.

Decides nothing about the values. Reads a file that its owner may be writing to, without changing it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Cell", "cells", "is_sqlite"]

_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value that is not NULL, and where it stands. ``row`` counts from 0 in the order of reading."""

    table: str
    column: str
    row: int
    value: int | float | str | bytes = field(repr=False)


def is_sqlite(path: Path) -> bool:
    """Whether the file begins as a SQLite database does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def cells(path: Path) -> Iterator[Cell]:
    """Every value of every column of every table. Raises: sqlite3.Error when the file cannot be read as a database."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        connection.text_factory = _text
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            yield from _cells_of(connection, table)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _cells_of(connection: sqlite3.Connection, table: str) -> Iterator[Cell]:
    quoted = '"' + table.replace('"', '""') + '"'
    rows = connection.execute(f"SELECT * FROM {quoted}")  # noqa: S608  # a table's own name, quoted
    columns = [column for column, *_ in rows.description]
    for number, row in enumerate(rows):
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                yield Cell(table, column, number, value)
