"""A clerk decides first, where the business system says so."""

from __future__ import annotations

from datetime import timedelta

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter, processing_number
from warifu_kit.conformance.case import Subject, expect, skip, unknown
from warifu_kit.conformance.cases.adapter.contents import expect_own
from warifu_kit.conformance.cases.adapter.dates import WRITTEN
from warifu_kit.conformance.cases.adapter.people import expect_nothing_of_a_record
from warifu_kit.conformance.evidence import named

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "clerk", "adapter.md")
_PENDING, _FOUND = adapter_pb2.LOOK_UP_OUTCOME_PENDING, adapter_pb2.LOOK_UP_OUTCOME_FOUND
_NOT_PUBLISHED = adapter_pb2.LOOK_UP_OUTCOME_NOT_PUBLISHED


async def _decision(adapter: CheckedAdapter, local_number: str, number: str) -> adapter_pb2.GetClerkDecisionResponse:
    request = adapter.decision_question(local_number, number)
    return adapter.answered(  # type: ignore[no-any-return]
        "GetClerkDecision", await adapter.call("GetClerkDecision", request, caller=adapter.about.node)
    )


async def _expect_pending(adapter: CheckedAdapter, request: adapter_pb2.LookUpRequest) -> None:
    told = await adapter.look_up(request)
    asked = f"of {request.local_number}, year {request.fiscal_year},"
    expect(told.outcome == _PENDING, f"{asked} it said {named(adapter_pb2.LookUpOutcome, told.outcome)}")
    expect_nothing_of_a_record(told)


@SUBJECT.case(
    "pending",
    "What a clerk decides first is PENDING, and nothing of a record is told",
    rule="PENDING says that a clerk decides first, and brings nothing of the record",
    at="a-clerk-decides",
    mend="Answer PENDING and leave the record, its year and its days out unless this call has released set, whatever year it asks for.",
)
async def pending(adapter: CheckedAdapter) -> None:
    adapter.person("has clerk", lambda each: each.clerk)
    for person in adapter.about.people.people:
        if not person.clerk:
            continue
        for year in (0, *person.years):
            held = adapter.question_found(person, released=False, fiscal_year=year)
            await _expect_pending(adapter, held)
            await adapter.look_up(adapter.question_found(person, fiscal_year=year))
            await _expect_pending(adapter, adapter.question_found(person, released=False, fiscal_year=year))


@SUBJECT.case(
    "released",
    "What a clerk has released is given",
    rule="With released PENDING is no answer any more",
    at="a-clerk-decides",
    mend="Where released is set, answer as if no clerk were to decide.",
)
async def released(adapter: CheckedAdapter) -> None:
    adapter.person("has clerk", lambda each: each.clerk)
    plain = next((each for each in adapter.about.people.people if each.plain), None)
    usual = await adapter.look_up(adapter.question(plain.local_number)) if plain is not None else None
    for person in adapter.about.people.people:
        if not person.clerk:
            continue
        told = await adapter.look_up(adapter.question_found(person))
        expect(told.outcome == _FOUND, f"it said {named(adapter_pb2.LookUpOutcome, told.outcome)}")
        expect(told.record, "there is no record")
        if usual is not None:
            expect(told.record_type == usual.record_type, f"record_type is {told.record_type!r}")
        expect(not person.years or told.fiscal_year == max(person.years), f"fiscal_year is {told.fiscal_year}")
        for text in (told.publication_start, told.publication_end):
            expect(not text or WRITTEN.fullmatch(text), f"a day is {text!r}")


@SUBJECT.case(
    "released-own",
    "What is given once a clerk released it is that person's record, of the year asked for",
    rule="With released the answer is the one that it would be without a clerk: of that person, that year, that day",
    at="a-clerk-decides",
    mend="Where released is set, look the same person, year and day up as ever, and leave out the clerk alone.",
)
async def released_own(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    request = adapter.question_found(person)
    told = await adapter.look_up(request)
    for each in adapter.about.people.people:
        if each is not person and not person.records:
            other = await adapter.look_up(adapter.question_found(each))
            if other.record == told.record:
                words = f"{person.local_number} has the very record of {each.local_number}; say what is in it (records)"
                raise unknown(words)
    await expect_own(adapter, person)
    if told.fiscal_year:
        absent = await adapter.look_up(adapter.question_found(person, fiscal_year=1901))
        expect(absent.outcome != _FOUND, "of a year of which there is nothing it gave a record, as it was released")
    nobody = await adapter.look_up(adapter.question("NOBODY-0", released=True))
    expect(nobody.outcome != _FOUND and not nobody.record, "of somebody unknown it gave a record, as it was released")


@SUBJECT.case(
    "released-on-its-day",
    "What a clerk has released is given on its days only",
    rule="With released the answer is the one that it would be without a clerk: of that person, that year, that day",
    at="a-clerk-decides",
    mend="Where released is set, compare days as ever, and leave out the clerk alone.",
)
async def released_on_its_day(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk and published_from", lambda each: each.clerk and each.published_from)
    begins = person.published_from
    if begins is None:
        raise skip("that person has no such day")
    before = (begins - timedelta(days=1)).isoformat()
    told = await adapter.look_up(adapter.question_found(person, asked_on=before))
    expect(told.outcome == _NOT_PUBLISHED, f"on {before} it said {named(adapter_pb2.LookUpOutcome, told.outcome)}")
    expect_nothing_of_a_record(told)


@SUBJECT.case(
    "released-without-clerk",
    "That a clerk released it changes nothing where no clerk decides",
    rule="With released the answer is the one that it would be without a clerk: of that person, that year, that day",
    at="a-clerk-decides",
    mend="Where released is set, compare person, year and days as ever, and leave out the clerk alone.",
)
async def released_without_clerk(adapter: CheckedAdapter) -> None:
    people = [each for each in adapter.about.people.people if not each.clerk]
    if not people:
        raise skip("nobody in the people's file is without clerk")
    for person in people:
        begins = person.published_from
        early = (
            [adapter.question(person.local_number, asked_on=(begins - timedelta(days=1)).isoformat())] if begins else []
        )
        of_years = [adapter.question_found(person, fiscal_year=year) for year in (0, *person.years, 1901)]
        for request in (*early, *of_years):
            usual = await adapter.look_up(request)
            request.released = True
            told = await adapter.look_up(request)
            asked = f"of {person.local_number}, year {request.fiscal_year}, on {request.asked_on}"
            expect(told == usual, f"{asked} it gave another answer with released")


@SUBJECT.case(
    "decision",
    "A decision is told, of the provision asked about",
    rule="GetClerkDecision repeats processing_number and says PENDING, RELEASE or REFUSE",
    at="a-clerk-decides",
    mend="Copy processing_number; say PENDING where clerks decide elsewhere or have not decided.",
)
async def decision(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    number = processing_number()
    first = await _decision(adapter, person.local_number, number)
    expect(first.processing_number == number, f"it answered about {first.processing_number!r}")
    expect(first.decision in (1, 2, 3), f"decision is {first.decision}")
    second = await _decision(adapter, person.local_number, number)
    if first.decision != adapter_pb2.PROVISION_DECISION_PENDING:
        expect(second.decision == first.decision, "it decided otherwise when it was asked again")


@SUBJECT.case(
    "decision-of-another-item",
    "Nothing is released of an item that it does not provide",
    rule="Of an item that it does not provide nothing is released",
    at="a-clerk-decides",
    mend="Look a decision up by processing number, person and item together; say PENDING of what you do not know.",
)
async def decision_of_another_item(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    request = adapter.decision_question(person.local_number, item_code="TM99999999999999")
    reply = await adapter.call("GetClerkDecision", request, caller=adapter.about.node)
    if reply.ok:
        told = adapter.parsed("GetClerkDecision", reply)
        expect(told.decision != adapter_pb2.PROVISION_DECISION_RELEASE, "it released what it does not provide")
    await adapter.still_answers()


@SUBJECT.case(
    "decision-about-nobody",
    "A decision about somebody unknown is no error",
    rule="GetClerkDecision repeats processing_number and says PENDING, RELEASE or REFUSE",
    at="a-clerk-decides",
    mend="Say PENDING of a provision that you do not know.",
)
async def decision_about_nobody(adapter: CheckedAdapter) -> None:
    number = processing_number()
    told = await _decision(adapter, "NOBODY-0", number)
    expect(told.processing_number == number, f"it answered about {told.processing_number!r}")
    expect(told.decision != adapter_pb2.PROVISION_DECISION_RELEASE, "it released what it does not know")
