"""What each side keeps of one exchange, as values. They hold no person, no code and no payload: there is no field for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.node.v1 import node_service_pb2 as node_pb2

__all__ = ["HubRow", "KeptByNode", "KeptExchange", "LoggedLeaf"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptByNode:
    """A node's record. ``kept_bytes`` is the length of the sealed result, or of the signed answer; 0 where none is kept.

    ``changed_ms``, Unix milliseconds, is when that was last written; None when it is past its time.
    """

    record: node_pb2.ExchangeRecord
    changed_ms: int | None
    kept_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HubRow:
    """The hub's row of an exchange that it permitted. ``answer_bytes`` is 0 before there is an answer, and a day later."""

    processing_number: str
    permission_row: str
    permit_ms: int
    state: str
    answer_bytes: int


@dataclass(frozen=True, slots=True)
class LoggedLeaf:
    """A leaf and where it is in the log."""

    position: int
    leaf: ExchangeLeaf


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptExchange:
    """One exchange. ``records`` is by institution code, of every node that has one; leaves are in the log's order.

    ``not_here`` are the institutions whose database is not in the folder; ``hub_is_here`` says so of the hub's.
    """

    inquirer: str
    request_id: bytes
    records: Mapping[str, tuple[KeptByNode, ...]]
    row: HubRow | None
    leaves: tuple[LoggedLeaf, ...]
    not_here: frozenset[str]
    hub_is_here: bool

    def at(self, side: node_pb2.ExchangeSide) -> KeptByNode | None:
        """The record of that side, whoever has it."""
        every = (each for kept in self.records.values() for each in kept)
        return next((each for each in every if each.record.side == side), None)
