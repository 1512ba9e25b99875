"""What stands in a record: values that its item can have, and that person's own."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.errors import WarifuError
from warifu.identifiers import ItemCode
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, fail, skip
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.people import KnownPerson

__all__ = ["SUBJECT", "expect_own"]

SUBJECT = Subject("adapter", "contents", "adapter.md")


@SUBJECT.case(
    "fits",
    "Whosever record it is, every value in it is one that the item can have",
    rule="Its values are ones that the item can have: what is required is there, days are days, no amount is impossible",
    at="the-record",
    mend="Look at the value that is named: the record's .proto (`warifu protos --out DIR`, below record/v1) says of each field what it holds.",
)
async def fits(adapter: CheckedAdapter) -> None:
    agency = adapter.about.agency
    if agency is None or adapter.record_type is None:
        raise skip("no package describes the record of this item")
    if not adapter.about.people.people:
        raise skip("nobody in the people's file")
    for person in adapter.about.people.people:
        for year in (0, *person.years):
            told = await _given(adapter, person, year)
            try:
                agency.check_record(ItemCode(adapter.item), told.record)
            except WarifuError as error:
                raise fail(f"of {person.local_number}, year {year}: {error.where or error.reason.value}") from None


@SUBJECT.case(
    "own",
    "Each person's record is that person's own",
    rule="What stands in it is of the person asked about",
    at="the-record",
    mend="Take number and record from the same row; where a clerk released it, look the same person up anew.",
)
async def own(adapter: CheckedAdapter) -> None:
    people = [each for each in adapter.about.people.people if each.records and not each.clerk]
    if not people:
        raise skip("nobody in the people's file has records, by which whose record it is could be told")
    for person in people:
        await expect_own(adapter, person)


async def expect_own(adapter: CheckedAdapter, person: KnownPerson) -> None:
    """See that each record of a person holds what the people's file says of it. Raises: CaseEnd."""
    for year, said in person.records.items():
        told = await _given(adapter, person, year)
        held = _fields(adapter, told)
        for name, value in said.items():
            stands = held.get(name, "not there")
            same = stands == value or str(stands) == str(value)
            expect(same, f"of {person.local_number}, year {year}, {name} is {stands}, and {value} in the people's file")


async def _given(adapter: CheckedAdapter, person: KnownPerson, year: int) -> adapter_pb2.LookUpResponse:
    told = await adapter.look_up(adapter.question_found(person, fiscal_year=year))
    said = named(adapter_pb2.LookUpOutcome, told.outcome)
    expect(told.outcome == adapter_pb2.LOOK_UP_OUTCOME_FOUND, f"of {person.local_number}, year {year}, it said {said}")
    return told


def _fields(adapter: CheckedAdapter, told: adapter_pb2.LookUpResponse) -> dict[str, Any]:
    if adapter.record_type is None:
        raise skip("no package describes the record of this item")
    record: Message = adapter.record_type()
    if not _parses(record, told.record):
        raise fail("the record does not parse")
    shown: dict[str, Any] = MessageToDict(
        record, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return shown


def _parses(record: Message, body: bytes) -> bool:
    try:
        record.ParseFromString(body)
    except ValueError:
        return False
    return True
