"""How long an answer takes: what the hub sees of it must not tell whether a person is known, nor whether a record is given."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, skip
from warifu_kit.conformance.pairs import Asked, see_no_difference
from warifu_kit.conformance.people import KnownPerson

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "times", "adapter.md")
_SECONDS = 30
_MEND = (
    "Do the same work for everybody: look up first, decide afterwards; no early end, no search elsewhere, no retry, nothing"
    " kept of whom was asked about before."
)


def _alike(number: str, drawn: str) -> str:
    """Other digits between the same marks, and one more."""
    digits = iter(drawn * len(number))
    return f"{''.join(next(digits) if each.isdigit() else each for each in number)}{drawn[0]}"


_NUMBERS: dict[str, Callable[[str, str], str]] = {
    "like nobody's": lambda number, drawn: f"NOBODY-{drawn}",
    "that look like a known one": _alike,
    "that begin as a known one": lambda number, drawn: f"{number}{drawn}",
    "that end as a known one": lambda number, drawn: f"{drawn}{number}"[-64:],
    "of digits alone": lambda number, drawn: f"{drawn:0>10}",
    "of 64 characters": lambda number, drawn: f"{drawn:X<64}",
    "of other characters": lambda number, drawn: f"宛名{drawn}",
}
"""How the number of a stranger may look, by the known one and digits that are drawn."""


@SUBJECT.case(
    "strangers",
    "Whoever is unknown is answered about as quickly as somebody known, whatever their number looks like",
    rule="NOT_HELD takes as long as a record does",
    at="what-is-not-there",
    mend=_MEND,
    seconds=_SECONDS,
)
async def strangers(adapter: CheckedAdapter) -> None:
    number = adapter.anybody().local_number
    sorts = {f"numbers {words}": _stranger(adapter, made, number) for words, made in _NUMBERS.items()}
    await see_no_difference(adapter, _record(adapter), sorts)


def _stranger(adapter: CheckedAdapter, made: Callable[[str, str], str], number: str) -> Asked:
    known = {each.local_number for each in adapter.about.people.people}

    def asked() -> LookUpRequest:
        drawn = str(secrets.randbelow(9_000_000) + 1_000_000)
        stranger = made(number, drawn)
        return adapter.question(stranger if stranger not in known else f"NOBODY-{drawn}")

    return asked


def _record(adapter: CheckedAdapter) -> Asked:
    plain = [each for each in adapter.about.people.people if each.plain]
    return lambda: adapter.question_found(secrets.choice(plain))


@SUBJECT.case(
    "not-given",
    "A record that is not there or not given yet, of somebody known, is answered about as quickly as one that is given",
    rule="NOT_HELD takes as long as a record does, and so does NOT_PUBLISHED",
    at="what-is-not-there",
    mend=_MEND,
    seconds=_SECONDS,
)
async def not_given(adapter: CheckedAdapter) -> None:
    adapter.anybody()
    people = adapter.about.people.people
    dated = [each for each in people if each.years and each.plain]
    later = [each for each in people if each.published_from is not None and not each.clerk]
    sorts: dict[str, Asked] = {}
    if dated:
        sorts["years of which there is none"] = lambda: _of_no_year(adapter, secrets.choice(dated))
    if later:
        sorts["records of later"] = lambda: _too_early(adapter, secrets.choice(later))
    if not sorts:
        raise skip("nobody in the people's file has years, or published_from")
    await see_no_difference(adapter, _record(adapter), sorts)


def _of_no_year(adapter: CheckedAdapter, person: KnownPerson) -> LookUpRequest:
    return adapter.question_found(person, fiscal_year=1901 + secrets.randbelow(50))


def _too_early(adapter: CheckedAdapter, person: KnownPerson) -> LookUpRequest:
    if person.published_from is None:
        raise skip("that person has no such day")
    day = person.published_from - timedelta(days=1 + secrets.randbelow(365))
    return adapter.question(person.local_number, asked_on=day.isoformat())
