"""From which day until which a record is provided: days in Japan, both included."""

from __future__ import annotations

from datetime import datetime, timedelta

from warifu.agency import Absence
from warifu.clock import day_in_japan
from warifu.errors import Reason
from warifu_kit.conformance.case import Check, Subject, expect, skip, unknown
from warifu_kit.conformance.cast import (
    FIRST_DAY,
    KNOWN,
    LAST_DAY,
    LATER,
    LONG_OVER,
    NEXT_YEARS_DAY,
    NOT_THE_NEWEST,
    OVER,
    PAST_YEARS_DAY,
    SINCE_LAST_YEAR,
    TOMORROW,
    UNTIL_NEXT_YEAR,
    CastPerson,
    has_years,
    made_up_record,
)
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "days", "checks.md")
_RULE = "A replica is provided if today in Japan is from publication_start to publication_end, both included"
_MEND = "Take the day from a clock of Asia/Tokyo, not from UTC or the machine's zone, and compare with <= at both ends."


async def _found(node: CheckedNode, person: CastPerson) -> object:
    """What is found of somebody on the day that their days count from. Raises: CaseEnd."""
    found = await node.found(node.asked(person))
    today = day_in_japan(node.about.clock.now())
    node.evidence.noted(f"today in Japan is {today}")
    if today != node.about.day:
        raise unknown("a day began in Japan since the check began; run it again")
    return found


def _given(person: CastPerson) -> Check:
    async def check(node: CheckedNode) -> None:
        found = await _found(node, person)
        expect(not isinstance(found, Absence), f"there was {found}")

    return check


def _not_published(person: CastPerson) -> Check:
    async def check(node: CheckedNode) -> None:
        found = await _found(node, person)
        expect(found is Absence.NOT_PUBLISHED, f"there was {found}")

    return check


for _name, _words, _check in (
    ("first", "On its first day a record is given", _given(FIRST_DAY)),
    ("before", "On the day before its first a record is NOT_PUBLISHED", _not_published(TOMORROW)),
    ("last", "On its last day a record is given", _given(LAST_DAY)),
    ("after", "On the day after its last a record is NOT_PUBLISHED", _not_published(OVER)),
    ("next-year", "A year before its first day a record is NOT_PUBLISHED", _not_published(NEXT_YEARS_DAY)),
    ("a-year-ago", "A year after its last day a record is NOT_PUBLISHED", _not_published(PAST_YEARS_DAY)),
    ("last-century", "Decades after its last day a record is NOT_PUBLISHED", _not_published(LONG_OVER)),
    ("since-last-year", "From a later day of last year on a record is given", _given(SINCE_LAST_YEAR)),
    ("until-next-year", "Until an earlier day of next year a record is given", _given(UNTIL_NEXT_YEAR)),
):
    SUBJECT.add(_name, _words, rule=_RULE, at="the-provider", mend=_MEND, check=_check)


@SUBJECT.case(
    "year-asked-for",
    "Who asks for a year by its number gets no record of it before its day",
    rule=_RULE,
    at="the-provider",
    mend="Look at the days of a record however it was found: by its year, or as the newest.",
)
async def year_asked_for(node: CheckedNode) -> None:
    for person in (LATER, TOMORROW, OVER):
        found = await node.found(node.asked(person, fiscal_year=_year(node)))
        expect(found is Absence.NOT_PUBLISHED, f"there was {found}")


def _year(node: CheckedNode) -> int:
    """The year of records of which there is one alone; 0 where records have none."""
    return 2026 if has_years(node.about.agency, node.hands.item) else 0


@SUBJECT.case(
    "newest-of-later",
    "Where the newest record is not yet published, the newest that is, is given",
    rule="A replica is provided if today is from publication_start to publication_end; the newest year of these wins",
    at="the-provider",
    mend="Leave out what is not published today, then take the newest of what is left.",
)
async def newest_of_later(node: CheckedNode) -> None:
    if not has_years(node.about.agency, node.hands.item):
        raise skip("records of this item have no fiscal year")
    if node.about.business is None:
        raise skip("the node serves no NodeService, and its file of people has one span of days for each")
    record = await node.record(node.asked(NOT_THE_NEWEST))
    wanted = made_up_record(node.about.agency, node.hands.item, NOT_THE_NEWEST, 2025)
    expect(record == wanted, "it is not the newest that is published")
    found = await node.found(node.asked(NOT_THE_NEWEST, fiscal_year=2026))
    expect(found is Absence.NOT_PUBLISHED, f"of the newest, asked for by its year, there was {found}")


@SUBJECT.case(
    "not-of-another-zone",
    "The day is Japan's also in the hours in which it is another one elsewhere",
    rule="Today in Japan",
    at="the-provider",
    mend=_MEND,
    seconds=16,
)
async def not_of_another_zone(node: CheckedNode) -> None:
    clock = node.about.clock
    try:
        for words, hour, minute in _EDGES:
            clock.set(_next(clock.now(), hour, minute))
            node.evidence.noted(f"the kit's clock says {clock.now():%H:%M} UTC: {words}")
            await _must_go_by(node)
            for person in (FIRST_DAY, TOMORROW, LAST_DAY, OVER):
                await _as_in_japan(node, person)
            clock.reset()
    finally:
        clock.reset()
    await node.still_answers(KNOWN)


_EDGES = (("in Japan the day has just begun", 15, 4), ("in Japan the day is about to end", 14, 50))


def _next(now: datetime, hour: int, minute: int) -> datetime:
    """The next time at which it is so late in UTC."""
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at if at > now else at + timedelta(days=1)


async def _must_go_by(node: CheckedNode) -> None:
    """See that the node goes by the kit's clock. Raises: CaseEnd, skipped, where it goes by the machine's."""
    reply = await node.provide(node.hands.permit(node.asked(KNOWN)))
    if reply.reason == Reason.CLOCK_SKEWED.value:
        raise skip(
            "the node goes by the machine's clock; let it take {clock}, or run this from 15:00 to 24:00 UTC, when the cases"
            " of the first and the last day say the same"
        )
    node.answered(reply)


async def _as_in_japan(node: CheckedNode, person: CastPerson) -> None:
    today = day_in_japan(node.about.clock.now())
    found = await node.found(node.asked(person))
    begins = (node.about.day + timedelta(days=person.begins_in)) if person.begins_in is not None else today
    ends = (node.about.day + timedelta(days=person.ends_in)) if person.ends_in is not None else today
    if begins <= today <= ends:
        expect(not isinstance(found, Absence), f"{person.name}: there was {found}, though it is {today} in Japan")
    else:
        expect(found is Absence.NOT_PUBLISHED, f"{person.name}: there was {found!r}, though it is {today} in Japan")
