"""A number of an exchange that came before: what is asked under it is answered, and nothing that was asked before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter, processing_number
from warifu_kit.conformance.case import Subject, fail, skip
from warifu_kit.conformance.people import KnownPerson

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "again", "adapter.md")
_RULE = (
    "No answer depends on processing_number: what is asked under a number that came before is answered, not what was"
)
_MEND = (
    "Look up what each call asks for. What you keep of an answer belongs to everything that was asked: person, item, year, day"
    " and released; the hub gives the numbers, and nobody else sees that they differ."
)


@SUBJECT.case(
    "other-person",
    "Somebody else under a number that came before is answered about as themselves",
    rule=_RULE,
    at="looking-somebody-up",
    mend=_MEND,
)
async def other_person(adapter: CheckedAdapter) -> None:
    adapter.anybody()
    people = adapter.about.people.people
    numbers = [*(each.local_number for each in people), "NOBODY-0"]
    for person in people:
        like = [adapter.question_found(person, local_number=number) for number in numbers]
        await _same_under_one_number(adapter, [*like, like[0]])


@SUBJECT.case(
    "other-question",
    "Another question about the same person, under a number that came before, is answered as itself",
    rule=_RULE,
    at="looking-somebody-up",
    mend=_MEND,
)
async def other_question(adapter: CheckedAdapter) -> None:
    asked = 0
    for person in adapter.about.people.people:
        questions = _about(adapter, person)
        asked += len(questions) > 1
        await _same_under_one_number(adapter, [*questions, *reversed(questions)])
    if not asked:
        raise skip("nobody in the people's file has years, a day or a clerk, by which two questions would differ")


def _about(adapter: CheckedAdapter, person: KnownPerson) -> list[LookUpRequest]:
    """All that can be asked about somebody, by year, by day, before and after a clerk released it."""
    usual = adapter.question_found(person)
    changes: list[dict[str, object]] = [{"fiscal_year": year} for year in (0, *person.years)]
    if person.years:
        changes.append({"fiscal_year": 1901})
    if person.published_from is not None:
        changes.append({"asked_on": (person.published_from - timedelta(days=1)).isoformat()})
    if person.clerk:
        changes.append({"released": not usual.released})
    return [adapter.question_found(person, **each) for each in changes]


async def _same_under_one_number(adapter: CheckedAdapter, questions: Sequence[LookUpRequest]) -> None:
    """See that each is answered as under a number of its own. Raises: CaseEnd."""
    number = processing_number()
    adapter.evidence.noted(f"{len(questions)} questions, each under a number of its own, then all under {number}")
    alone = [adapter.answered("LookUp", await adapter.unseen("LookUp", each)) for each in questions]
    for question, wanted in zip(questions, alone, strict=True):
        asked = LookUpRequest()
        asked.CopyFrom(question)
        asked.processing_number = number
        reply = await adapter.unseen("LookUp", asked)
        if adapter.answered("LookUp", reply) != wanted:
            adapter.show("LookUp", asked, reply)
            whom = f"of {asked.local_number}, year {asked.fiscal_year}, on {asked.asked_on}"
            raise fail(f"{whom}, under a number that came before, it gave another answer than under a new one")
