"""The people of a check of a node: who they are, and how they are made known to a node that serves NodeService.

Decides what each stands for. They are made up for the check; their My Numbers are of the network's own authority.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from google.protobuf.message import Message

from warifu.agency import Agency
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client.asynchronous import AuthorityClient, NodeClient
from warifu.client.connection import Connection
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode, ResidentRecordCode
from warifu.pki import write_private_file

__all__ = [
    "CAST",
    "CLERK",
    "FIRST_DAY",
    "KNOWN",
    "LAST_DAY",
    "LATER",
    "OVER",
    "SECOND",
    "STRANGER",
    "TOMORROW",
    "CastPerson",
    "designated",
    "made_up_record",
    "make_asked_about",
    "make_known",
    "write_cast",
]

_SINCE = "2020-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class CastPerson:
    """``years`` are those of the records that the node is to hold; without any it does not know the person at all.

    ``local_number`` is another one in each check, so that a network can be checked in again. ``begins_in`` and ``ends_in`` are
    days from the day of the check in Japan.
    """

    name: str
    local_number: str = ""
    years: tuple[int, ...] = ()
    published_from: str = _SINCE
    published_until: str = ""
    begins_in: int | None = None
    ends_in: int | None = None
    clerk: bool = False
    my_number: str = field(default="", repr=False)


KNOWN = CastPerson(name="K-1", years=(2025, 2026))
SECOND = CastPerson(name="K-2", years=(2026,))
LATER = CastPerson(name="K-3", years=(2026,), published_from="2999-01-01")
CLERK = CastPerson(name="K-4", years=(2026,), clerk=True)
STRANGER = CastPerson(name="K-5")
FIRST_DAY = CastPerson(name="K-11", years=(2026,), begins_in=0)
TOMORROW = CastPerson(name="K-12", years=(2026,), begins_in=1)
LAST_DAY = CastPerson(name="K-13", years=(2026,), ends_in=0)
OVER = CastPerson(name="K-14", years=(2026,), ends_in=-1)
CAST = (KNOWN, SECOND, LATER, CLERK, STRANGER, FIRST_DAY, TOMORROW, LAST_DAY, OVER)
"""Everybody: two with records, one whose record is of later, one of whom a clerk decides, one whom the node never met, and four
whose records begin or end about today."""


async def designated(authority: Connection, today: date) -> list[CastPerson]:
    """The cast, with a My Number each, and the days of those whose days count from ``today``."""
    residents = [ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}").digits for _ in CAST]
    async with AuthorityClient(authority) as client:
        numbers = await client.designate_my_numbers(residents)
    run = secrets.token_hex(4)
    return [
        replace(_dated(person, today), my_number=number, local_number=f"{person.name}-{run}")
        for person, number in zip(CAST, numbers, strict=True)
    ]


def _dated(person: CastPerson, today: date) -> CastPerson:
    begins, ends = (
        (today + timedelta(days=n)).isoformat() if n is not None else None for n in (person.begins_in, person.ends_in)
    )
    return replace(
        person, published_from=begins or person.published_from, published_until=ends or person.published_until
    )


async def make_asked_about(node: Connection, cast: Sequence[CastPerson]) -> None:
    """Have a node that is to ask acquire codes of everybody but the stranger. Raises: WarifuError."""
    async with NodeClient(node) as client:
        await _acquire(client, [person for person in cast if person.years])


async def make_known(node: Connection, cast: Sequence[CastPerson], agency: Agency, item: ItemCode) -> None:
    """Have the node acquire codes and register replicas, as its business system. Raises: WarifuError."""
    here = [person for person in cast if person.years]
    async with NodeClient(node) as client:
        await _acquire(client, here)
        await client.register_replicas(list(_replicas(here, agency, item)))
        for person in here:
            if person.clerk:
                flags = node_pb2.SetFlagsRequest(local_number=person.local_number, auto_response_disabled=True)
                await client.set_flags(flags)


async def _acquire(client: NodeClient, cast: Sequence[CastPerson]) -> None:
    people = [node_pb2.PersonToAcquire(local_number=each.local_number, my_number=each.my_number) for each in cast]
    async for result in client.acquire_codes(people):
        if result.reason:
            raise WarifuError(Reason(result.reason), where="the node under check: acquiring codes")


def _replicas(cast: Sequence[CastPerson], agency: Agency, item: ItemCode) -> list[node_pb2.Replica]:
    return [
        node_pb2.Replica(
            local_number=person.local_number,
            item_code=item,
            fiscal_year=year if agency.year_of(made) else 0,
            publication_start=person.published_from,
            publication_end=person.published_until,
            record=made.SerializeToString(deterministic=True),
        )
        for person in cast
        for year in person.years
        for made in (made_up_record(agency, item, person, year),)
    ]


def made_up_record(agency: Agency, item: ItemCode, person: CastPerson, year: int) -> Message:
    """A record of the item's message with something in every field, different for each person and year."""
    record = agency.provided(item).record_type()
    number = 1_000 * int(person.name.rpartition("-")[2]) + year % 100
    for described in record.DESCRIPTOR.fields:
        setattr(record, described.name, _value(described.name, described.cpp_type, number, year))
    return record


def _value(name: str, cpp_type: int, number: int, year: int) -> object:
    if name == "fiscal_year":
        return year
    if cpp_type == 7:  # bool
        return True
    if cpp_type == 9:  # string
        ends = {"_on": "2020-04-01", "_month": "2026-04", "_code": ""}
        return next((text for end, text in ends.items() if name.endswith(end)), str(number))
    return 1 if name.startswith("household_children") or name == "children" else number


def write_cast(path: Path, cast: Sequence[CastPerson], agency: Agency, item: ItemCode) -> None:
    """Write who is to be known, for a node that serves no NodeService: local number, My Number, flags, records in hexadecimal."""
    told = [
        {
            "local_number": person.local_number,
            "my_number": person.my_number,
            "clerk": person.clerk,
            "publication_start": person.published_from,
            "publication_end": person.published_until,
            "records": {
                str(year): made_up_record(agency, item, person, year).SerializeToString(deterministic=True).hex()
                for year in person.years
            },
        }
        for person in cast
        if person.years
    ]
    write_private_file(path, json.dumps({"notice": "SIMULATED", "item_code": item, "people": told}, indent=2).encode())
