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
    "CLERK_LATER",
    "FIRST_DAY",
    "KNOWN",
    "LAST_DAY",
    "LATER",
    "LONG_OVER",
    "NEXT_YEARS_DAY",
    "NOT_THE_NEWEST",
    "OVER",
    "PAST_YEARS_DAY",
    "SECOND",
    "SINCE_LAST_YEAR",
    "STRANGER",
    "TOMORROW",
    "UNTIL_NEXT_YEAR",
    "CastPerson",
    "designated",
    "has_years",
    "made_up_record",
    "make_asked_about",
    "make_known",
    "write_cast",
]

_SINCE = "2020-01-01"
_OF_LATER = "2999-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class CastPerson:
    """``years`` are those of the records that the node is to hold; without any it does not know the person at all.

    ``local_number`` is another one in each check, so that a network can be checked in again. ``begins_in`` and ``ends_in`` are
    days from the day of the check in Japan, ``begins_years`` and ``ends_years`` years more. Records of ``later_years``, which are
    among ``years``, are published long from now, whatever the others are.
    """

    name: str
    local_number: str = ""
    years: tuple[int, ...] = ()
    published_from: str = _SINCE
    published_until: str = ""
    begins_in: int | None = None
    ends_in: int | None = None
    begins_years: int = 0
    ends_years: int = 0
    later_years: tuple[int, ...] = ()
    clerk: bool = False
    my_number: str = field(default="", repr=False)

    def published_of(self, year: int) -> str:
        """The first day on which the record of that year is provided, as YYYY-MM-DD."""
        return _OF_LATER if year in self.later_years else self.published_from


KNOWN = CastPerson(name="K-1", years=(2025, 2026))
SECOND = CastPerson(name="K-2", years=(2026,))
LATER = CastPerson(name="K-3", years=(2026,), published_from=_OF_LATER)
CLERK = CastPerson(name="K-4", years=(2025, 2026), clerk=True)
STRANGER = CastPerson(name="K-5")
FIRST_DAY = CastPerson(name="K-11", years=(2026,), begins_in=0)
TOMORROW = CastPerson(name="K-12", years=(2026,), begins_in=1)
LAST_DAY = CastPerson(name="K-13", years=(2026,), ends_in=0)
OVER = CastPerson(name="K-14", years=(2026,), ends_in=-1)
NEXT_YEARS_DAY = CastPerson(name="K-15", years=(2026,), begins_in=0, begins_years=1)
PAST_YEARS_DAY = CastPerson(name="K-16", years=(2026,), ends_in=0, ends_years=-1)
SINCE_LAST_YEAR = CastPerson(name="K-17", years=(2026,), begins_in=1, begins_years=-1)
UNTIL_NEXT_YEAR = CastPerson(name="K-18", years=(2026,), ends_in=-1, ends_years=1)
LONG_OVER = CastPerson(name="K-19", years=(2026,), published_from="1990-04-01", published_until="1999-12-31")
NOT_THE_NEWEST = CastPerson(name="K-20", years=(2025, 2026), later_years=(2026,))
CLERK_LATER = CastPerson(name="K-21", years=(2026,), published_from=_OF_LATER, clerk=True)
_ABOUT_TODAY = (FIRST_DAY, TOMORROW, LAST_DAY, OVER)
_OTHER_YEARS = (NEXT_YEARS_DAY, PAST_YEARS_DAY, SINCE_LAST_YEAR, UNTIL_NEXT_YEAR, LONG_OVER, NOT_THE_NEWEST)
CAST = (KNOWN, SECOND, LATER, CLERK, STRANGER, *_ABOUT_TODAY, *_OTHER_YEARS, CLERK_LATER)
"""Everybody: two with records, one whose record is of later, one of whom a clerk decides, one whom the node never met, four
whose records begin or end about today, five on a day of another year, one whose newest record is of later, and one of whom a
clerk decides and whose record is of later."""


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
    begins = _day(today, person.begins_in, person.begins_years)
    ends = _day(today, person.ends_in, person.ends_years)
    return replace(
        person, published_from=begins or person.published_from, published_until=ends or person.published_until
    )


def _day(today: date, days: int | None, years: int) -> str:
    """So many days and years from ``today``; of 29 February, where there is none, the nearer of its neighbours to ``today``'s year."""
    if days is None:
        return ""
    day = today + timedelta(days=days)
    try:
        return day.replace(year=day.year + years).isoformat()
    except ValueError:
        return (
            (day.replace(month=2, day=28) if years > 0 else day.replace(month=3, day=1))
            .replace(year=day.year + years)
            .isoformat()
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
            publication_start=person.published_of(year),
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


def has_years(agency: Agency, item: ItemCode) -> bool:
    """Whether records of the item are of a fiscal year."""
    return bool(agency.year_of(made_up_record(agency, item, KNOWN, 2026)))


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
        if person.years and not person.later_years  # the file has one span of days for all of a person's records
    ]
    write_private_file(path, json.dumps({"notice": "SIMULATED", "item_code": item, "people": told}, indent=2).encode())
