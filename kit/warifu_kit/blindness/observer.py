"""Someone who holds two agencies' databases at once, and looks for a way to match their people.

Decides what may stand in both files without linking anybody: what is public, and what tells of the exchanges the two
made with each other, whose subjects they share in any case. Every other value that a column of one has in common with a
column of the other is a way to join them. Values are compared by content, however they are written: the same bytes as a
blob, as text or as hexadecimal are the same value, and so are sixteen bytes in the midst of a longer one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warifu.errors import Reason
from warifu_kit.blindness.sqlite_cells import Cell, cells

__all__ = ["WINDOW", "Join", "find_joins", "is_public", "mutual_exchange_values"]

WINDOW = 16
"""Bytes in common that join two longer values. Codes have 32, digests 32, row keys and request numbers 16."""

_SHORTEST_BLOB = 8
"""A shorter blob says too little to be matched by."""

_SMALL = 1_000_000
_MILLISECONDS = range(1_000_000_000_000, 4_000_000_000_000)
_HEXADECIMAL = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}")
_PUBLIC_TEXT = re.compile(r"(?:JT|JM|TM)[0-9A-Z]{14}|[0-9]{4}-[0-9]{2}-[0-9]{2}|", re.ASCII)
_TIME_IN_A_MESSAGE = re.compile(
    rb"\x08[\x80-\xff]{4}(?:[\x01-\x7f]\x10[\x80-\xff]{0,4}[\x01-\x7f]|[\x06-\x0b])"  # the latter: from 2021 to 2072
)
"""A protobuf Timestamp, also of a whole minute. Two messages dated alike share one, and what surrounds it, by chance."""

_REASONS = frozenset(reason.value for reason in Reason)
_EXCHANGE_COLUMNS = frozenset({"request_id", "processing_number", "inquiry_digest", "answer_digest"})

Columns = dict[bytes, set[str]]


@dataclass(frozen=True, slots=True, order=True)
class Join:
    """Two columns, ``table.column``: ``values`` values of the right one are in the left one too. They are not told."""

    left: str
    right: str
    values: int


def is_public(value: float | str | bytes) -> bool:
    """Whether a value on its own says nothing about one person: a word, a procedure, a day, a count, a time.

    A count or a time is public only where it is a number by type: digits kept as text may be somebody's number.
    """
    if isinstance(value, str):
        return value in _REASONS or _PUBLIC_TEXT.fullmatch(value) is not None
    if isinstance(value, int):
        return abs(value) < _SMALL or value in _MILLISECONDS
    return isinstance(value, bytes) and len(value) < _SHORTEST_BLOB


def mutual_exchange_values(left: Path, right: Path) -> set[bytes]:
    """The numbers and digests of the exchanges that both files tell of: those the two made with each other."""
    return _exchange_values(left) & _exchange_values(right)


def _exchange_values(path: Path) -> set[bytes]:
    return {
        _plain(cell.value)
        for cell in _own_cells(path)
        if cell.table == "exchange_record" and cell.column in _EXCHANGE_COLUMNS
    }


def _own_cells(path: Path) -> Iterator[Cell]:
    """Every value but those of SQLite's own tables, which name the others."""
    return (cell for cell in cells(path) if not cell.table.startswith("sqlite_"))


def find_joins(
    left: Path,
    right: Path,
    *,
    public: Iterable[str] = (),
    allowed: Iterable[bytes] = (),
    is_public: Callable[[float | str | bytes], bool] = is_public,
) -> list[Join]:
    """Every pair of columns with a value in common that is neither public nor allowed.

    ``public`` is further text that everybody knows, such as institution codes; ``allowed`` are values the two files may
    share, such as :func:`mutual_exchange_values`.
    """
    known, may_share = frozenset(public), frozenset(allowed)

    def is_private(value: float | str | bytes) -> bool:
        return not is_public(value) and value not in known and _plain(value) not in may_share

    columns = _columns(left, is_private)
    shared: defaultdict[tuple[str, str], set[bytes]] = defaultdict(set)
    for cell in _own_cells(right):
        if is_private(cell.value):
            matching = (columns.get(content, ()) for content in _contents(cell.value))
            for column in {column for found in matching for column in found}:
                shared[column, _name(cell)].add(_plain(cell.value))
    return sorted(Join(*pair, len(values)) for pair, values in shared.items())


def _columns(path: Path, is_private: Callable[[float | str | bytes], bool]) -> Columns:
    """Which columns hold each content."""
    found: defaultdict[bytes, set[str]] = defaultdict(set)
    for cell in _own_cells(path):
        if is_private(cell.value):
            for content in _contents(cell.value):
                found[content].add(_name(cell))
    return dict(found)


def _contents(value: float | str | bytes) -> Iterator[bytes]:
    """The value itself and, of a longer one, every sixteen bytes in a row that are no time."""
    plain = _plain(value)
    yield plain
    if len(plain) > WINDOW:
        for piece in _TIME_IN_A_MESSAGE.split(plain):
            for start in range(len(piece) - WINDOW + 1):
                yield piece[start : start + WINDOW]


def _plain(value: float | str | bytes) -> bytes:
    """The bytes behind a value, whether it is kept as such, as text or as hexadecimal."""
    raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
    if _HEXADECIMAL.fullmatch(raw) and not raw.isdigit():
        return bytes.fromhex(raw.decode("ascii"))
    return raw


def _name(cell: Cell) -> str:
    return f"{cell.table}.{cell.column}"
