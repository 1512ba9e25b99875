"""A clerk decides first, where the business system says so."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu_kit.conformance.adapter_under_check import CheckedAdapter, processing_number
from warifu_kit.conformance.case import Subject, expect

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "clerk", "adapter.md")
_PENDING, _FOUND = adapter_pb2.LOOK_UP_OUTCOME_PENDING, adapter_pb2.LOOK_UP_OUTCOME_FOUND


async def _decision(adapter: CheckedAdapter, local_number: str, number: str) -> adapter_pb2.GetClerkDecisionResponse:
    asked = adapter.question(local_number)
    received = Timestamp()
    received.GetCurrentTime()
    received.nanos, received.seconds = 0, received.seconds - received.seconds % 60
    request = adapter_pb2.GetClerkDecisionRequest(
        processing_number=number,
        local_number=local_number,
        item_code=asked.item_code,
        procedure_code=asked.procedure_code,
        inquirer=asked.inquirer,
        received_time=received,
    )
    return adapter.answered(  # type: ignore[no-any-return]
        "GetClerkDecision", await adapter.call("GetClerkDecision", request, caller=adapter.about.node)
    )


@SUBJECT.case(
    "pending",
    "What a clerk decides first is PENDING, without a record",
    rule="PENDING says that a clerk decides first, and brings no record",
    at="a-clerk-decides",
    mend="Answer PENDING and leave the record out until released is set.",
)
async def pending(adapter: CheckedAdapter) -> None:
    person = adapter.person("has clerk", lambda each: each.clerk)
    told = await adapter.look_up(adapter.question(person.local_number))
    expect(told.outcome == _PENDING, f"it said {adapter_pb2.LookUpOutcome.Name(told.outcome)}")
    there = [name for name in ("record", "record_type", "fiscal_year") if getattr(told, name)]
    expect(not there, f"there is {', '.join(there)}")


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
