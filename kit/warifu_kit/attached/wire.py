"""What a node and an agency elsewhere say to each other: one JSON message each way, after its length in four bytes.

Decides the form alone. A record and everything about a person stay on this machine: the socket is a file that only its
owner can open.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from warifu.agency import Absence, Found, HeldProvision, LookUp, Pending, ProvidedRecord, ProvisionQuery, Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

__all__ = [
    "LENGTH_SIZE",
    "LONGEST",
    "framed",
    "length_of",
    "read_found",
    "read_held",
    "read_look_up",
    "read_query",
    "told_error",
    "told_found",
    "told_held",
    "told_look_up",
    "told_query",
    "unless_error",
]

LENGTH_SIZE: Final = 4

LONGEST: Final = 64 * 1024 * 1024
"""Bytes in the longest message: a person's replicas of one item."""


def framed(told: dict[str, Any]) -> bytes:
    """A message with its length before it. Raises: ValueError for one that is too long."""
    text = json.dumps(told).encode()
    if len(text) > LONGEST:
        raise ValueError(f"a message of {len(text)} bytes")
    return len(text).to_bytes(LENGTH_SIZE, "big") + text


def length_of(head: bytes) -> int:
    """The length that stands before a message. Raises: ValueError for one that is too long."""
    length = int.from_bytes(head, "big")
    if length > LONGEST:
        raise ValueError(f"a message of {length} bytes")
    return length


def told_query(query: ProvisionQuery) -> dict[str, Any]:
    """A query as it is sent."""
    return {
        "item_code": query.item_code,
        "fiscal_year": query.fiscal_year,
        "procedure_code": query.procedure_code,
        "inquirer": query.inquirer,
        "today": query.today.isoformat(),
        "replicas": [_told_replica(each) for each in query.replicas],
    }


def read_query(told: dict[str, Any]) -> ProvisionQuery:
    """The query that was sent."""
    return ProvisionQuery(
        item_code=ItemCode(told["item_code"]),
        fiscal_year=told["fiscal_year"],
        procedure_code=ProcedureCode(told["procedure_code"]),
        inquirer=InstitutionCode(told["inquirer"]),
        today=date.fromisoformat(told["today"]),
        replicas=[_read_replica(each) for each in told["replicas"]],
    )


def told_look_up(asked: LookUp) -> dict[str, Any]:
    """A look-up as it is sent."""
    return {**asdict(asked), "today": asked.today.isoformat()}


def read_look_up(told: dict[str, Any]) -> LookUp:
    """The look-up that was sent."""
    return LookUp(**{**told, **_codes(told), "today": date.fromisoformat(told["today"])})


def told_held(held: HeldProvision) -> dict[str, Any]:
    """A provision that waits, as it is sent."""
    return {**asdict(held), "received": held.received.isoformat()}


def read_held(told: dict[str, Any]) -> HeldProvision:
    """The provision that was sent."""
    return HeldProvision(**{**told, **_codes(told), "received": datetime.fromisoformat(told["received"])})


def told_found(found: Found | Pending) -> dict[str, Any]:
    """An answer as it is sent."""
    if isinstance(found, Pending):
        return {"pending": found.name}
    if isinstance(found, Absence):
        return {"absence": found.name}
    return {"record_type": found.record_type, "record": base64.b64encode(found.record).decode()}


def read_found(told: dict[str, Any]) -> Found | Pending:
    """The answer that was sent."""
    if "pending" in told:
        return Pending[told["pending"]]
    if "absence" in told:
        return Absence[told["absence"]]
    return ProvidedRecord(told["record_type"], base64.b64decode(told["record"]))


def told_error(error: WarifuError) -> dict[str, Any]:
    """A refusal as it is sent."""
    return {"error": error.reason.value, "where": error.where}


def unless_error(told: dict[str, Any]) -> dict[str, Any]:
    """What was sent. Raises: the refusal that was; RuntimeError, naming what the agency fell over with."""
    if "raised" in told:
        raise RuntimeError(f"the agency elsewhere raised {told['raised']}")
    if "error" in told:
        raise WarifuError(Reason(told["error"]), where=told["where"])
    return told


def _codes(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "item_code": ItemCode(told["item_code"]),
        "procedure_code": ProcedureCode(told["procedure_code"]),
        "inquirer": InstitutionCode(told["inquirer"]),
    }


def _told_replica(replica: Replica) -> dict[str, Any]:
    end = replica.publication_end
    return {
        "item_code": replica.item_code,
        "fiscal_year": replica.fiscal_year,
        "publication_start": replica.publication_start.isoformat(),
        "publication_end": None if end is None else end.isoformat(),
        "record": base64.b64encode(replica.record).decode(),
    }


def _read_replica(told: dict[str, Any]) -> Replica:
    end = told["publication_end"]
    return Replica(
        item_code=ItemCode(told["item_code"]),
        fiscal_year=told["fiscal_year"],
        publication_start=date.fromisoformat(told["publication_start"]),
        publication_end=None if end is None else date.fromisoformat(end),
        record=base64.b64decode(told["record"]),
    )
