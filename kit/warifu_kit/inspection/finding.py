"""Finding one exchange in the databases of a network: the records of both nodes, the hub's row and its leaves.

Decides which files are read and which rows are of the exchange. Nothing is written, and a network may run meanwhile or be
down. A side whose database is not in the network's folder is told as that, not as one that kept nothing. No column that holds a
person, a code or a payload is read; of what is sealed, only how many bytes it has.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason, WarifuError
from warifu.party.network_file import NetworkFile, PartyEntry
from warifu_kit.inspection.kept import HubRow, KeptByNode, KeptExchange, LoggedLeaf
from warifu_services.node.messages import exchange_record_message
from warifu_services.node.store_rows import RECORD_COLUMNS, read_record

__all__ = ["find_exchanges", "parties_of"]

_AT_NODE = f"""
    SELECT coalesce(i.changed_ms, p.changed_ms), length(coalesce(i.sealed_result, p.answer, x'')), {RECORD_COLUMNS}
    FROM exchange_record r LEFT JOIN inquiry i USING (sequence) LEFT JOIN provision p USING (sequence)
"""  # noqa: S608  # column names
_KEYS_AT_NODE = "SELECT inquirer, request_id FROM exchange_record"
_AT_HUB = """
    SELECT processing_number, permission_row, permit_ms, state, length(answer)
    FROM exchange WHERE inquirer = ? AND request_id = ?
"""
_KEYS_AT_HUB = "SELECT inquirer, request_id FROM exchange"
_LEAVES = "SELECT position, leaf FROM leaf WHERE instr(leaf, ?) > 0 ORDER BY position"

_OF_EXCHANGES = {
    log_pb2.LEAF_EVENT_PERMITTED,
    log_pb2.LEAF_EVENT_ANSWERED,
    log_pb2.LEAF_EVENT_PENDING,
    log_pb2.LEAF_EVENT_REFUSED,
    log_pb2.LEAF_EVENT_FAILED,
}

_Key = tuple[str, bytes]
"""The inquirer's institution code, and its request_id."""


def parties_of(described: NetworkFile) -> dict[str, PartyEntry]:
    """Every party that is or was in the network, by name."""
    return {**described.former_parties, **described.parties}


def find_exchanges(
    network: Path, described: NetworkFile, *, request_id: bytes = b"", processing_number: str = ""
) -> list[KeptExchange]:
    """Every exchange with this request_id (two inquirers may give the same), or with this processing number.

    Empty when no party has it. Raises: FILE_INVALID when a database cannot be read.
    """
    folders = {
        str(about.institution_code): network / party
        for party, about in parties_of(described).items()
        if about.role == "agency"
    }
    nodes = {institution: folder / "node.sqlite3" for institution, folder in folders.items()}
    here = {institution: path for institution, path in nodes.items() if path.is_file()}
    hub = network / "hub" / "hub.sqlite3"
    keys = _keys(hub, here, request_id, processing_number)
    return [_gathered(key, hub, here, frozenset(nodes.keys() - here.keys())) for key in sorted(keys)]


def _keys(hub: Path, nodes: Mapping[str, Path], request_id: bytes, processing_number: str) -> set[_Key]:
    condition, wanted = ("request_id = ?", request_id) if request_id else ("processing_number = ?", processing_number)
    found: set[_Key] = set()
    for path, query in [(hub, _KEYS_AT_HUB), *((path, _KEYS_AT_NODE) for path in nodes.values())]:
        found |= {(str(inquirer), bytes(key)) for inquirer, key in _read(path, f"{query} WHERE {condition}", wanted)}
    for each in _leaves_with(hub, request_id or processing_number.encode()):
        if wanted in (each.leaf.request_id, each.leaf.processing_number):
            found.add((each.leaf.inquirer, each.leaf.request_id))
    return found


def _gathered(key: _Key, hub: Path, nodes: Mapping[str, Path], not_here: frozenset[str]) -> KeptExchange:
    inquirer, request_id = key
    records = {}
    for institution, path in nodes.items():
        rows = _read(path, f"{_AT_NODE} WHERE r.request_id = ? AND r.inquirer = ?", request_id, inquirer)
        if kept := tuple(_kept_by_node(path, row) for row in rows):
            records[institution] = kept
    row = next((HubRow(**_named(each)) for each in _read(hub, _AT_HUB, inquirer, request_id)), None)
    digests = {each.record.inquiry_digest for kept in records.values() for each in kept}
    leaves = {each.position: each for wanted in (request_id, *digests) for each in _leaves_with(hub, wanted)}
    return KeptExchange(
        inquirer=inquirer,
        request_id=request_id,
        records=records,
        row=row,
        leaves=tuple(leaves[position] for position in sorted(leaves) if _is_of(leaves[position].leaf, key)),
        not_here=not_here,
        hub_is_here=hub.is_file(),
    )


def _is_of(leaf: ExchangeLeaf, key: _Key) -> bool:
    """A refusal whose context could not be read has no request_id; its digest found it."""
    return leaf.inquirer == key[0] and leaf.request_id in (key[1], b"")


def _kept_by_node(path: Path, row: Any) -> KeptByNode:
    changed_ms, kept_bytes, *record = row
    try:
        message = exchange_record_message(read_record(record))
    except (ValueError, WarifuError) as error:
        raise _unreadable(path, error) from error
    return KeptByNode(record=message, changed_ms=changed_ms, kept_bytes=kept_bytes)


def _named(row: Any) -> dict[str, Any]:
    return dict(zip(HubRow.__dataclass_fields__, row, strict=True))


def _leaves_with(hub: Path, wanted: bytes) -> Iterator[LoggedLeaf]:
    """Leaves of exchanges that hold these bytes somewhere."""
    for position, raw in _read(hub, _LEAVES, wanted) if wanted else ():
        try:
            leaf = ExchangeLeaf.FromString(raw)
        except DecodeError as error:
            raise _unreadable(hub, error) from error
        if leaf.event in _OF_EXCHANGES:
            yield LoggedLeaf(position, leaf)


def _read(path: Path, query: str, *wanted: object) -> list[Any]:
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(query, wanted).fetchall()
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> WarifuError:
    return WarifuError(Reason.FILE_INVALID, where=str(path), debug=type(error).__name__)
