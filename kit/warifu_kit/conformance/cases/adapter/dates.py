"""The day that is asked on decides, to the day."""

from __future__ import annotations

import re
from datetime import date, timedelta

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, skip
from warifu_kit.conformance.cases.adapter.people import expect_nothing_of_a_record
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.people import KnownPerson

__all__ = ["SUBJECT", "WRITTEN"]

SUBJECT = Subject("adapter", "dates", "adapter.md")
_FOUND, _NOT_PUBLISHED = adapter_pb2.LOOK_UP_OUTCOME_FOUND, adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED
WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ONE = timedelta(days=1)


async def _on(adapter: CheckedAdapter, person: KnownPerson, day: date, wanted: adapter_pb2.LookUpOutcome) -> None:
    """See what it says on a day, without a year and of the newest one that there is. Raises: CaseEnd."""
    words = named(adapter_pb2.LookUpOutcome, wanted)
    for year in (max(person.years, default=0), 0):
        asked = adapter.question(person.local_number, asked_on=day.isoformat(), fiscal_year=year)
        told = await adapter.look_up(asked)
        said = named(adapter_pb2.LookUpOutcome, told.outcome)
        expect(told.outcome == wanted, f"on {day} it said of {person.local_number}, year {year}, {said}, not {words}")
        if wanted == _NOT_PUBLISHED:
            expect_nothing_of_a_record(told)


def _beginning(adapter: CheckedAdapter) -> tuple[KnownPerson, date]:
    person = adapter.person("has published_from", lambda each: each.published_from and not each.clerk)
    return person, _day(person.published_from)


def _day(day: date | None) -> date:
    if day is None:
        raise skip("that person has no such day")
    return day


@SUBJECT.case(
    "not-yet",
    "Before its day a record is NOT_PUBLISHED, and nothing of it is told",
    rule="A record that may not be provided on that day: NOT_PUBLISHED",
    at="what-is-not-there",
    mend="Tell what is held and not published apart from what is not held; leave record, year and both days empty.",
)
async def not_yet(adapter: CheckedAdapter) -> None:
    person, begins = _beginning(adapter)
    await _on(adapter, person, begins - 30 * _ONE, _NOT_PUBLISHED)


@SUBJECT.case(
    "first-day",
    "On its first day a record is given, and on the day before it is not",
    rule="A record is provided from publication_start to publication_end, both included",
    at="looking-somebody-up",
    mend="Compare days with <= at both ends; where it said NOT_HELD, see first that it knows that person at all.",
)
async def first_day(adapter: CheckedAdapter) -> None:
    person, begins = _beginning(adapter)
    await _on(adapter, person, begins - _ONE, _NOT_PUBLISHED)
    await _on(adapter, person, begins, _FOUND)


@SUBJECT.case(
    "last-day",
    "On its last day a record is given, and on the day after it is not",
    rule="A record is provided from publication_start to publication_end, both included",
    at="looking-somebody-up",
    mend="Compare days with <= at both ends; where it said NOT_HELD, see first that it knows that person at all.",
)
async def last_day(adapter: CheckedAdapter) -> None:
    person = adapter.person("has published_until", lambda each: each.published_until and not each.clerk)
    ends = _day(person.published_until)
    await _on(adapter, person, ends, _FOUND)
    await _on(adapter, person, ends + _ONE, _NOT_PUBLISHED)


@SUBJECT.case(
    "asked-on",
    "The day asked on counts, not the system's own clock",
    rule="asked_on is the day that counts, and not the system's own clock",
    at="looking-somebody-up",
    mend="Use asked_on of the request wherever a day is compared.",
)
async def asked_on(adapter: CheckedAdapter) -> None:
    person, begins = _beginning(adapter)
    await _on(adapter, person, person.published_until or begins, _FOUND)
    await _on(adapter, person, date(1901, 1, 1), _NOT_PUBLISHED)


@SUBJECT.case(
    "written",
    "Days are written as days, are those of the record, and hold the day asked on",
    rule="publication_start and publication_end are whole days, YYYY-MM-DD, or empty",
    at="looking-somebody-up",
    mend="Write a day as YYYY-MM-DD, without a time, or leave it empty.",
)
async def written(adapter: CheckedAdapter) -> None:
    for each in adapter.about.people.people:
        if each.clerk:
            continue
        day = (each.published_from or date.today()).isoformat()  # noqa: DTZ011  # any day on which it is provided
        told = await adapter.look_up(adapter.question(each.local_number, asked_on=day))
        for name in ("publication_start", "publication_end"):
            text = getattr(told, name)
            expect(not text or WRITTEN.fullmatch(text), f"{name} is {text!r}")
        for name, said in (("publication_start", each.published_from), ("publication_end", each.published_until)):
            text = getattr(told, name)
            expect(not said or text in ("", said.isoformat()), f"{name} is {text!r}, and {said} in the people's file")
        if told.outcome == _FOUND:
            expect(not told.publication_start or told.publication_start <= day, f"publication_start is after {day}")
            expect(not told.publication_end or day <= told.publication_end, f"publication_end is before {day}")
    adapter.anybody()
