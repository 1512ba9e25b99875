"""The node's own records (情報提供等の記録): whatever it answered, it can show."""

from __future__ import annotations

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.exchange.context import ExchangeContext
from warifu.exchange.statements import answer_digest, inquiry_digest
from warifu_kit.conformance.business_side import own_records
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import CLERK, KNOWN, LATER, STRANGER
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.streams import by_number, message

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "kept", "node.md")
_AT = "keep"
_RULE = "The law's record of each exchange, on both sides: never nothing of what was answered"
_MEND = "Write the record in one write with the answer, before the answer leaves; one for each exchange, by request_id."
_ANSWERED = node_pb2.EXCHANGE_OUTCOME_ANSWERED
_PENDING = node_pb2.EXCHANGE_OUTCOME_PENDING
_REFUSED = node_pb2.EXCHANGE_OUTCOME_REFUSED
_AWAY_S = 15 * 60
"""How far a time of a record may be from another inquiry of the same moment: no zone of the world is that near to UTC."""

Provided = tuple[ProvisionPermit, SignedAnswer]


async def _provided(node: CheckedNode, *permits: ProvisionPermit) -> list[Provided]:
    return [(permit, await node.answer(permit)) for permit in permits]


def _wanted(permit: ProvisionPermit, answer: SignedAnswer, outcome: node_pb2.ExchangeOutcome) -> dict[str, object]:
    """What a record of it says, by field."""
    context, asked = ExchangeContext.decode(permit.inquiry.context), inquiry_digest(permit.inquiry)
    number = permit.processing_number
    return {
        "processing_number": number,
        "inquirer": str(context.inquirer),
        "provider": str(context.provider),
        "procedure_code": str(context.procedure_code),
        "item_code": str(context.item_code),
        "outcome": outcome,
        "inquiry_digest": asked,
        "answer_digest": answer_digest(answer, asked=asked, processing_number=number),
    }


async def _recorded(
    node: CheckedNode, provided: list[Provided], outcome: node_pb2.ExchangeOutcome = _ANSWERED
) -> list[node_pb2.ExchangeRecord]:
    """The record of each. Raises: CaseEnd unless there is exactly one, and it says so."""
    records, found = await own_records(node), []
    for permit, answer in provided:
        own = records.get(permit.inquiry.context[2:18], [])
        expect(own, f"of exchange {permit.processing_number}, which it answered, it has no record")
        expect(len(own) == 1, f"of exchange {permit.processing_number} it has {len(own)} records")
        for field, wanted in _wanted(permit, answer, outcome).items():
            expect(
                getattr(own[0], field) == wanted, f"{field} of the record is {getattr(own[0], field)!r}, not {wanted!r}"
            )
        found.append(own[0])
    return found


@SUBJECT.case(
    "answered",
    "Of whatever was answered there is one record, whoever was asked about",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def answered(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(person)) for person in (KNOWN, STRANGER, LATER, KNOWN)]
    provided = await _provided(node, *permits)
    for permit in permits[:2]:
        await node.answer(permit)  # asked again it is the same exchange
    asked_s = ExchangeContext.decode(permits[0].inquiry.context).issued_ms // 1000
    for record in await _recorded(node, provided):
        told = [record.requested_time, record.provided_time]
        expect(
            all(each.seconds and not (each.seconds % 60 or each.nanos) for each in told), "a time is not a whole minute"
        )
        away = max(abs(each.seconds - asked_s) for each in told)
        expect(away <= _AWAY_S, f"a time of the record is {away} seconds from when it was asked")


@SUBJECT.case(
    "of-clerks",
    "What waits for a clerk is recorded as it stands, and as it was decided",
    rule="outcome, reason, digests of inquiry and answer",
    at=_AT,
    mend="Write a record of a PENDING answer too, and write it anew when the answer is made anew.",
    seconds=14,
)
async def of_clerks(node: CheckedNode) -> None:
    released, refused = (node.hands.permit(node.asked(CLERK)) for _ in range(2))
    provided = await _provided(node, released, refused)
    await _recorded(node, provided, _PENDING)
    await node.decide(released.processing_number, release=True)
    await node.decide(refused.processing_number, release=False)
    await _recorded(node, await _provided(node, released))
    (record,) = await _recorded(node, await _provided(node, refused), _REFUSED)
    expect(record.reason == "RELEASE_REFUSED", f"the reason of what was refused is {record.reason!r}")
    expect(not record.provided_time.seconds, "what was refused says when it was provided")


@SUBJECT.case(
    "on-a-stream",
    "Of each permit answered on a stream there is a record",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def on_a_stream(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(6)]
    replies, status = await node.on_a_stream([message(permits)], replies=len(permits))
    found = by_number(replies, range(1, len(permits) + 1), status)
    answers = [found[number].response.answer for number in range(1, len(permits) + 1)]
    await _recorded(node, list(zip(permits, answers, strict=True)))


@SUBJECT.case(
    "nobody-in-it",
    "A record names nobody, and has no payload",
    rule="Never a payload in it",
    at=_AT,
    mend="Record who asked whom for what and when, and digests; nothing of whom it was about.",
)
async def nobody_in_it(node: CheckedNode) -> None:
    await _provided(node, node.hands.permit(node.asked(KNOWN)))
    told = b"".join(each.SerializeToString() for one in (await own_records(node)).values() for each in one)
    found = [number for number in node.about.local_numbers if number.encode() in told]
    expect(not found, "records of exchanges hold local numbers of people")
