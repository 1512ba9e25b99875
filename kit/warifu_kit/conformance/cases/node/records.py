"""What is in an answer: exactly what was asked for, of exactly the person asked about."""

from __future__ import annotations

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from warifu.agency import Absence
from warifu_kit.conformance.case import Subject, expect, skip
from warifu_kit.conformance.cast import KNOWN, LATER, SECOND, STRANGER, CastPerson, has_years, made_up_record
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "records", "checks.md")
_AT = "the-provider"


def _wanted(node: CheckedNode, person: CastPerson, year: int) -> Message:
    return made_up_record(node.about.agency, node.hands.item, person, year)


def _has_years(node: CheckedNode) -> bool:
    return has_years(node.about.agency, node.hands.item)


@SUBJECT.case(
    "own",
    "Each gets the record of the person asked about",
    rule="The code opens, and names a row",
    at=_AT,
    mend="Look up by the row key of the opened code, and by nothing else of the permit.",
)
async def own(node: CheckedNode) -> None:
    for person in (KNOWN, SECOND, KNOWN):
        record = await node.record(node.asked(person))
        expect(record == _wanted(node, person, 2026), f"the record is not the one of {person.name}")


@SUBJECT.case(
    "nothing-else",
    "A record holds the fields of its message and no other",
    rule="Resident-record information excludes name, address, date of birth and sex",
    at="adapter.md#the-record",
    mend="Give the record as it was registered, of the item's message and nothing more.",
)
async def nothing_else(node: CheckedNode) -> None:
    record = await node.record(node.asked(KNOWN))
    extra = [field.field_number for field in UnknownFieldSet(record)]  # type: ignore[attr-defined]  # iterable
    expect(not extra, f"the record has fields that its message has not: number {extra}")


@SUBJECT.case(
    "year",
    "Each year asked for is the year that is given",
    rule="A replica is provided if its fiscal year is, unless the query says 0, the one asked for",
    at=_AT,
    mend="Read fiscal_year of the sealed query and look it up by equality.",
)
async def year(node: CheckedNode) -> None:
    if not _has_years(node):
        raise skip("records of this item have no fiscal year")
    for wanted in KNOWN.years:
        record = await node.record(node.asked(KNOWN, fiscal_year=wanted))
        expect(record == _wanted(node, KNOWN, wanted), f"asked for {wanted} it gave another record")


@SUBJECT.case(
    "newest",
    "Where no year is asked for, the newest is given",
    rule="The newest year, then the latest start, wins",
    at=_AT,
    mend="Order what may be provided by fiscal year and take the last.",
)
async def newest(node: CheckedNode) -> None:
    if not _has_years(node):
        raise skip("records of this item have no fiscal year")
    record = await node.record(node.asked(KNOWN))
    expect(record == _wanted(node, KNOWN, max(KNOWN.years)), "it is not the newest")


@SUBJECT.case(
    "year-not-held",
    "A year of which there is no record is NOT_HELD",
    rule="A replica is provided if its fiscal year is, unless the query says 0, the one asked for",
    at=_AT,
    mend="Answer NOT_HELD; no other year stands in for one that is not there.",
)
async def year_not_held(node: CheckedNode) -> None:
    if not _has_years(node):
        raise skip("records of this item have no fiscal year")
    found = await node.found(node.asked(KNOWN, fiscal_year=1901))
    expect(found is Absence.NOT_HELD, f"there was {found}")


@SUBJECT.case(
    "not-published",
    "A record before its day is NOT_PUBLISHED",
    rule="Held but not published is ABSENCE_NOT_PUBLISHED",
    at=_AT,
    mend="Compare publication_start with today in Japan, and tell what is held and not published apart from what is not held.",
)
async def not_published(node: CheckedNode) -> None:
    found = await node.found(node.asked(LATER))
    expect(found is Absence.NOT_PUBLISHED, f"there was {found}")


@SUBJECT.case(
    "stranger",
    "Somebody whom the node never met is NOT_HELD",
    rule="Nobody is found as somebody is: outcome ANSWERED whether there is a record or not",
    at="node.md#answer",
    mend="Answer with an absence, sealed and signed as a record would be; never with an error or another outcome.",
)
async def stranger(node: CheckedNode) -> None:
    found = await node.found(node.asked(STRANGER))
    expect(found is Absence.NOT_HELD, f"there was {found}")


@SUBJECT.case(
    "through-the-hub",
    "It answers through a real hub, as here",
    rule="A node serves Provide to the hub where it announced",
    at="node.md#answer",
    mend="Serve where you announce, and again after each new connection to the hub.",
)
async def through_the_hub(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    response = await node.exchange(asked)
    found = node.opened_through_hub(asked, response)
    expect(not isinstance(found, Absence) and found is not None, f"there was {found}")
