"""What is in an answer that is FOUND: the record asked for, whole, and nothing else."""

from __future__ import annotations

from datetime import date

from google.protobuf.message import DecodeError, Message

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, Turn, expect, fail, skip
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.people import KnownPerson
from warifu_kit.conformance.wire.beside import strange_fields

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "records", "adapter.md")
_FOUND, _NOT_HELD = adapter_pb2.LOOK_UP_OUTCOME_FOUND, adapter_pb2.LOOK_UP_OUTCOME_NOT_HELD
_LARGEST = 1_000_000


async def _found(adapter: CheckedAdapter, local_number: str, year: int = 0) -> adapter_pb2.LookUpResponse:
    told = await adapter.look_up(adapter.question(local_number, fiscal_year=year))
    expect(told.outcome == _FOUND, f"of {local_number}, year {year}, it said {_name(told.outcome)}")
    return told


def _name(outcome: adapter_pb2.LookUpOutcome) -> str:
    return named(adapter_pb2.LookUpOutcome, outcome)


def _record(adapter: CheckedAdapter, told: adapter_pb2.LookUpResponse) -> Message:
    """The record as the item's own message. Raises: CaseEnd, also where no package describes one."""
    if adapter.record_type is None:
        raise skip("no package describes the record of this item")
    try:
        return adapter.record_type.FromString(told.record)
    except DecodeError:
        raise fail(f"the record does not parse as {adapter.record_type.DESCRIPTOR.full_name}") from None


def _year(adapter: CheckedAdapter, record: Message) -> int:
    return (adapter.about.agency.year_of(record) if adapter.about.agency is not None else None) or 0


async def _of_years(adapter: CheckedAdapter) -> tuple[KnownPerson, tuple[int, ...]]:
    """Somebody plain, and the years of which there are records: those that are said, else the one of the record that is given."""
    said = [each for each in adapter.about.people.people if each.plain and each.years]
    if said:
        return said[0], said[0].years
    person = adapter.anybody()
    told = await _found(adapter, person.local_number)
    if not told.fiscal_year:
        raise skip("nobody in the people's file has years, and the record that is given is of none")
    return person, (told.fiscal_year,)


@SUBJECT.case(
    "found",
    "A record that is there is given, of the item's type",
    rule="record_type is the full name of the item's message, record such a message",
    at="the-record",
    mend="Serialize the item's message and say its full name, such as warifu.api.record.v1.LocalTaxRecord.",
    turn=Turn.BASIC,
)
async def found(adapter: CheckedAdapter) -> None:
    told = await _found(adapter, adapter.anybody().local_number)
    expect(told.record_type, "record_type is empty")
    expect(0 < len(told.record) <= _LARGEST, f"the record has {len(told.record)} bytes")
    record = _record(adapter, told)
    wanted = record.DESCRIPTOR.full_name
    expect(told.record_type == wanted, f"record_type is {told.record_type!r}, not {wanted!r}")


@SUBJECT.case(
    "nothing-else",
    "A record holds the fields of its message and no other",
    rule="It holds the fields of that message and no other; never name, address, date of birth or sex",
    at="the-record",
    mend="Build the record of the item's fields alone; do not serialize the row as it lies in your database.",
)
async def nothing_else(adapter: CheckedAdapter) -> None:
    if adapter.record_type is None:
        raise skip("no package describes the record of this item")
    adapter.anybody()
    for each in adapter.about.people.people:
        told = await adapter.look_up(adapter.question_found(each))
        extra = strange_fields(told.record, adapter.record_type)
        expect(not extra, f"the record of {each.local_number} has what its message has not: {', '.join(extra)}")


@SUBJECT.case(
    "year-of-the-record",
    "The fiscal year in the record is the one that the answer says",
    rule="Its fiscal year is the one that the answer says",
    at="the-record",
    mend="Take both from the same row.",
)
async def year_of_the_record(adapter: CheckedAdapter) -> None:
    told = await _found(adapter, adapter.anybody().local_number)
    record = _record(adapter, told)
    year = _year(adapter, record)
    expect(year == told.fiscal_year, f"the record is of {year}, the answer says {told.fiscal_year}")


@SUBJECT.case(
    "year-asked-for",
    "Each year asked for is the year that is given",
    rule="fiscal_year not 0: the record of that year and no other",
    at="looking-somebody-up",
    mend="Look the year up by equality; the newest is for 0 alone.",
)
async def year_asked_for(adapter: CheckedAdapter) -> None:
    person, years = await _of_years(adapter)
    for year in years:
        told = await _found(adapter, person.local_number, year)
        expect(told.fiscal_year == year, f"asked for {year} it gave {told.fiscal_year}")
        record = _record(adapter, told)
        expect(_year(adapter, record) == year, f"asked for {year} it gave the record of another year")


@SUBJECT.case(
    "newest-year",
    "Where no year is asked for, the newest is given",
    rule="0: the newest that may be provided",
    at="looking-somebody-up",
    mend="Order by fiscal year and take the last.",
)
async def newest_year(adapter: CheckedAdapter) -> None:
    person = adapter.person("has several years", lambda each: each.plain and len(each.years) > 1)
    told = await _found(adapter, person.local_number)
    expect(told.fiscal_year == max(person.years), f"it gave {told.fiscal_year}, and there is {max(person.years)}")


@SUBJECT.case(
    "newest-of-later",
    "Where the newest record is not yet provided, the newest that is, is given",
    rule="0: the newest that may be provided",
    at="looking-somebody-up",
    mend="Look at the days first, and take the newest year of what is left.",
)
async def newest_of_later(adapter: CheckedAdapter) -> None:
    person = adapter.person("has several years", lambda each: each.plain and len(each.years) > 1)
    day = await _day_before(adapter, person.local_number, max(person.years))
    given = [year for year in person.years if await _is_given(adapter, person.local_number, year, day)]
    if not given:
        raise skip(f"on {day}, before the newest record of {person.local_number}, no other is provided")
    asked = adapter.question(person.local_number, asked_on=day.isoformat())
    told = await adapter.look_up(asked)
    expect(
        told.outcome == _FOUND,
        f"on {day} it gives the record of {max(given)}, and without a year {_name(told.outcome)}",
    )
    expect(told.fiscal_year == max(given), f"on {day} it gave {told.fiscal_year}, and there is {max(given)}")


async def _is_given(adapter: CheckedAdapter, local_number: str, year: int, day: date) -> bool:
    asked = adapter.question(local_number, fiscal_year=year, asked_on=day.isoformat())
    return (await adapter.look_up(asked)).outcome == _FOUND


async def _day_before(adapter: CheckedAdapter, local_number: str, year: int) -> date:
    """The last day on which that year's record is not provided yet, by halves. Raises: CaseEnd, skipped where there is none."""
    before, after = date(1901, 1, 1), date.today()  # noqa: DTZ011  # any day on which it is provided
    if await _is_given(adapter, local_number, year, before):
        raise skip(f"the newest record of {local_number} is provided since ever")
    if not await _is_given(adapter, local_number, year, after):
        raise skip(f"the newest record of {local_number} is not provided today")
    while (after - before).days > 1:
        between = before + (after - before) // 2
        given = await _is_given(adapter, local_number, year, between)
        before, after = (before, between) if given else (between, after)
    return before


@SUBJECT.case(
    "year-not-held",
    "A year of which there is no record is NOT_HELD",
    rule="fiscal_year not 0: the record of that year and no other. No such record: NOT_HELD",
    at="what-is-not-there",
    mend="Answer NOT_HELD; neither the nearest year nor the newest stands in for one that is not there.",
)
async def year_not_held(adapter: CheckedAdapter) -> None:
    person, years = await _of_years(adapter)
    newest = max(years)
    others = (1901, newest + 1, newest % 100, newest - 2018, newest - 100, newest + 65_536)  # two digits, 令和, 16 bits
    for year in others:
        if year in (0, *years):
            continue
        told = await adapter.look_up(adapter.question(person.local_number, fiscal_year=year))
        expect(told.outcome == _NOT_HELD, f"asked for {year} it said {_name(told.outcome)}")


@SUBJECT.case(
    "other-item",
    "Of an item that it does not provide nothing is found",
    rule="Of an item that it does not provide, nothing is FOUND",
    at="looking-somebody-up",
    mend="Look at item_code before the person; refuse, or say NOT_HELD, for one that is not yours.",
)
async def other_item(adapter: CheckedAdapter) -> None:
    number = adapter.anybody().local_number
    own = adapter.about.provides
    for item in ("TM99999999999999", adapter.item[:-1] + ("1" if adapter.item[-1] != "1" else "3")):
        if item not in own:
            request = adapter.question(number, item_code=item)
            reply = await adapter.call("LookUp", request, caller=adapter.about.node)
            if reply.ok:
                told = adapter.parsed("LookUp", reply)
                expect(told.outcome != _FOUND and not told.record, f"of item {item} it found something")
                expect(told.item_code in ("", item), f"asked for item {item} it answered about {told.item_code!r}")
    await adapter.still_answers()


@SUBJECT.case(
    "same-again",
    "The same question gets the same answer, in another exchange as well",
    rule="The same question gets the same answer, for as long as nothing changes",
    at="looking-somebody-up",
    mend="Put nothing into a record that depends on when, how often or in which exchange it was asked.",
)
async def same_again(adapter: CheckedAdapter) -> None:
    request = adapter.question(adapter.anybody().local_number)
    first, second = await adapter.look_up(request), await adapter.look_up(request)
    expect(first == second, "the second answer differs from the first")
    of_another = await adapter.look_up(adapter.question(request.local_number))
    expect(first == of_another, "in another exchange, with another processing number, the answer differs")


@SUBJECT.case(
    "unknown-field",
    "A field of a later version is passed over",
    rule="Fields that a reader does not know are passed over",
    at="looking-somebody-up",
    mend="Parse with a protobuf library as it is, and do not refuse unknown fields.",
)
async def unknown_field(adapter: CheckedAdapter) -> None:
    request = adapter.question(adapter.anybody().local_number)
    later = request.SerializeToString() + b"\xc2\x3e\x03new"  # field 1000, bytes
    reply = await adapter.call("LookUp", later, caller=adapter.about.node)
    told = adapter.answered("LookUp", reply)
    expect(told == await adapter.look_up(request), "the answer differs from the one without that field")
