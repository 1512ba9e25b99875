"""A clerk decides first, where the business system says so."""

from __future__ import annotations

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter, processing_number
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cases.adapter.contents import expect_own
from warifu_kit.conformance.cases.adapter.people import expect_nothing_of_a_record

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "clerk", "adapter.md")
_PENDING, _FOUND = adapter_pb2.LOOK_UP_OUTCOME_PENDING, adapter_pb2.LOOK_UP_OUTCOME_FOUND


async def _decision(adapter: CheckedAdapter, local_number: str, number: str) -> adapter_pb2.GetClerkDecisionResponse:
    request = adapter.decision_question(local_number, number)
    return adapter.answered(  # type: ignore[no-any-return]
        "GetClerkDecision", await adapter.call("GetClerkDecision", request, caller=adapter.about.node)
    )


@SUBJECT.case(
    "pending",
    "What a clerk decides first is PENDING, and nothing of a record is told",
    rule="PENDING says that a clerk decides first, and brings nothing of the record",
    at="a-clerk-decides",
    mend="Answer PENDING and leave the record, its year and its days out until released is set.",
)
async def pending(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    told = await adapter.look_up(adapter.question(person.local_number))
    expect(told.outcome == _PENDING, f"it said {adapter_pb2.LookUpOutcome.Name(told.outcome)}")
    expect_nothing_of_a_record(told)


@SUBJECT.case(
    "released",
    "What a clerk has released is given",
    rule="With released PENDING is no answer any more",
    at="a-clerk-decides",
    mend="Where released is set, answer as if no clerk were to decide.",
)
async def released(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    told = await adapter.look_up(adapter.question(person.local_number, released=True))
    expect(told.outcome == _FOUND, f"it said {adapter_pb2.LookUpOutcome.Name(told.outcome)}")
    expect(told.record, "there is no record")


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
