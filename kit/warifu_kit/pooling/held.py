"""What a provider holds of a third agency's exchanges, and what that agency's own book says of them.

Decides which files are read and what becomes a clue. Of a provider: its exchange records, in the order written; where the log
has its entries, as the hub proves it to them; and, where somebody listened (``warifu_kit.pooling.listening``), when each
permit came. Of the inquirer, for the truth alone: which of its people each inquiry was about, found again with its storage
key. Nothing is written, and a network may run meanwhile.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeFlags
from warifu.party.folder import PartyFolder
from warifu_kit.pooling.joining import ClueValue
from warifu_services.node.keys import AtRest
from warifu_services.node.store import ExchangeRecord, ExchangeSide
from warifu_services.node.store_rows import RECORD_COLUMNS, read_record

__all__ = ["HEARD_FILE", "cases_of", "inquiries_held", "provisions_held"]

HEARD_FILE = "heard.jsonl"
"""Where a provider that listens notes when each permit came."""

_YEARS_BACK = 6
_FLAGS = range(int(ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT | ExchangeFlags.NON_DISCLOSURE) + 1)


def provisions_held(network: Path, party: str) -> dict[str, list[ClueValue]]:
    """What ``party`` holds as a provider, by inquirer. Raises: FILE_INVALID."""
    records = [each for each in _records(network / party) if each.side is ExchangeSide.PROVIDER]
    positions, heard = _positions(network / "hub", records), _heard(network / party)
    found: dict[str, list[ClueValue]] = {}
    for order, record in enumerate(records):
        clues = {
            "time in the record": float(record.requested_ms),
            "order of the records": float(order),
            "processing number": float(int(record.processing_number)),
            "request_id": float(int.from_bytes(record.request_id)),
        }
        if len(positions) == len(records):
            clues["position in the log"] = float(positions[record.request_id])
        if len(heard) >= len(records):
            clues["time of arrival"] = heard[record.request_id]
        told = ClueValue(request_id=record.request_id, procedure_code=str(record.procedure_code), clues=clues)
        found.setdefault(str(record.inquirer), []).append(told)
    return {inquirer: _with_ranks(held) for inquirer, held in found.items()}


def inquiries_held(network: Path, party: str) -> int:
    """How many inquiries of its own ``party`` has a record of. Raises: FILE_INVALID."""
    return sum(each.side is ExchangeSide.INQUIRER for each in _records(network / party))


def cases_of(network: Path, party: str) -> dict[bytes, str]:
    """For each inquiry of ``party``, by request_id, about whom it was: the party's own local number.

    Raises: FILE_INVALID; KEY_INVALID.
    """
    folder = network / party
    at_rest = AtRest(PartyFolder(folder).secret("storage.key"))
    rows = "SELECT request_id, content FROM inquiry"
    wanted = {bytes(content): bytes(request_id) for request_id, content in _read(folder, rows)}
    asked = {(e.provider, e.procedure_code, e.item_code) for e in _records(folder) if e.side is ExchangeSide.INQUIRER}
    people = [number for (number,) in _read(folder, "SELECT local_number FROM person")]
    this_year = datetime.now(UTC).year
    years = (0, *range(this_year - _YEARS_BACK, this_year + 2))
    found: dict[bytes, str] = {}
    for number, (provider, procedure, item), year, flags in product(people, asked, years, _FLAGS):
        words = (number.encode(), str(provider).encode(), str(procedure).encode(), str(item).encode())
        request_id = wanted.get(at_rest.content_digest(*words, year.to_bytes(4, "big"), bytes([flags])))
        if request_id is not None:
            found[request_id] = number
    return found


def _with_ranks(held: Sequence[ClueValue]) -> list[ClueValue]:
    """The order among the records about one inquirer's procedure: its place, as a part of all of them."""
    counts: dict[str, int] = {}
    for each in held:
        counts[each.procedure_code] = counts.get(each.procedure_code, 0) + 1
    seen: dict[str, int] = {}
    ranked = []
    for each in held:
        place = seen[each.procedure_code] = seen.get(each.procedure_code, 0) + 1
        order = {"order of the records": place / counts[each.procedure_code]}
        clues: Mapping[str, float] = {**each.clues, **order}
        ranked.append(ClueValue(request_id=each.request_id, procedure_code=each.procedure_code, clues=clues))
    return ranked


def _records(folder: Path) -> list[ExchangeRecord]:
    query = f"SELECT {RECORD_COLUMNS} FROM exchange_record r ORDER BY r.sequence"  # noqa: S608  # column names
    return [read_record(row) for row in _read(folder, query)]


def _positions(hub: Path, records: Sequence[ExchangeRecord]) -> dict[bytes, int]:
    """Where the log has each exchange's permit, as ``ProveExchanges`` tells those that have part in it."""
    own = {each.request_id for each in records}
    rows = _read(hub, "SELECT request_id, permitted_position FROM exchange", database="hub.sqlite3")
    return {bytes(request_id): position for request_id, position in rows if bytes(request_id) in own}


def _heard(folder: Path) -> dict[bytes, float]:
    path = folder / HEARD_FILE
    if not path.exists():
        return {}
    notes = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    return {bytes.fromhex(note["request_id"]): note["unix_ms"] for note in reversed(notes)}  # the first time counts


def _read(folder: Path, query: str, *, database: str = "node.sqlite3") -> Iterator[Any]:
    path = folder / database
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            yield from connection.execute(query).fetchall()
    except sqlite3.Error as error:
        raise WarifuError(Reason.FILE_INVALID, where=str(path), debug=type(error).__name__) from error
