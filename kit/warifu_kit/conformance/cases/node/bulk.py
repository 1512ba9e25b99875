"""Permits that came in bulk (一括照会): each row is a provision by itself, however many lie in the message."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.agency import Absence, ProvidedRecord
from warifu.api.agency.v1.agency_service_pb2 import ProvideBulkRequest, ProvideReply
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import CATALOGUE, Reason
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND, STRANGER, made_up_record
from warifu_kit.conformance.hands import processing_number
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.proofs import must_come_with_proofs, of_somebody_else
from warifu_kit.conformance.streams import PROVIDE_BULK, by_number, message, refused_in

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "bulk", "checks.md")
_AT = "the-provider"
_RULE = "Of a permit (Provide, or one call of ProvideStream or ProvideBulk): the same checks, in the same order"
_MEND = "Have ProvideBulk call what Provide calls, once for each row; share work between rows, and no decision."
_ROWS = 12


async def _in_bulk(node: CheckedNode, permits: Sequence[ProvisionPermit]) -> list[ProvideReply]:
    """The reply to each, from one message. Raises: CaseEnd."""
    numbers = range(1, len(permits) + 1)
    made = [message(permits, kind=PROVIDE_BULK)]
    replies, status = await node.on_a_stream(made, replies=len(permits), seconds=10, kind=PROVIDE_BULK)
    found = by_number(replies, numbers, status)
    return [found[number] for number in numbers]


def _others_answered(replies: Sequence[ProvideReply], but: int) -> None:
    bad = [reply.failure.reason for place, reply in enumerate(replies) if place != but and reply.HasField("failure")]
    expect(not bad, f"good rows beside it failed with {sorted(set(bad))}")


@SUBJECT.case(
    "several",
    "Each row of a bulk message gets its own answer, its own person's",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def several(node: CheckedNode) -> None:
    people = [(KNOWN, SECOND)[turn % 2] for turn in range(_ROWS)]
    asked = [node.asked(person) for person in people]
    permits = [node.hands.permit(each) for each in asked]
    for person, each, permit, reply in zip(people, asked, permits, await _in_bulk(node, permits), strict=True):
        expect(reply.HasField("response"), f"a good row failed with {reply.failure.reason}")
        found = node.opened(permit, each, reply.response.answer).found
        wanted = made_up_record(node.about.agency, node.hands.item, person, 2026)
        expect(isinstance(found, ProvidedRecord), f"about {person.name} there was {found!r}")
        record = found.record if isinstance(found, ProvidedRecord) else b""
        expect(type(wanted).FromString(record) == wanted, f"{person.name} got another record")


@SUBJECT.case(
    "unknown-person",
    "An unknown person in one row spoils no other, and is answered as everybody",
    rule="What a provider may not tell: whether the person exists, by outcome, size or time",
    at=_AT,
    mend="Answer NOT_HELD in that row, sealed and signed; look every row up by itself.",
    seconds=14,
)
async def unknown_person(node: CheckedNode) -> None:
    people = [STRANGER if turn == 4 else KNOWN for turn in range(_ROWS)]
    asked = [node.asked(person) for person in people]
    permits = [node.hands.permit(each) for each in asked]
    replies = await _in_bulk(node, permits)
    _others_answered(replies, but=len(replies))
    found = node.opened(permits[4], asked[4], replies[4].response.answer).found
    expect(found is Absence.NOT_HELD, f"about somebody unknown there was {found!r}")
    sizes = {len(reply.response.answer.sealed_answer) for reply in replies}
    expect(len(sizes) == 1, f"sealed answers have {sorted(sizes)} bytes")
    for place in (0, _ROWS - 1):
        opened = node.opened(permits[place], asked[place], replies[place].response.answer).found
        expect(isinstance(opened, ProvidedRecord), f"in another row there was {opened!r}")


@SUBJECT.case(
    "forged", "A row whose hub_signature is none is refused, first or last", rule=_RULE, at=_AT, mend=_MEND, seconds=14
)
async def forged(node: CheckedNode) -> None:
    for place in (0, _ROWS - 1):
        permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(_ROWS)]
        permits[place].hub_signature = bytes(64)
        replies = await _in_bulk(node, permits)
        refused_in(replies[place], Reason.SIGNATURE_INVALID)
        _others_answered(replies, but=place)


@SUBJECT.case(
    "signature-of-another-row",
    "A row with the hub's signature of another row is refused",
    rule="hub_signature over every field of this permit",
    at="signed.md#warifu-v1permit",
    mend="Verify each row's signature over that row's own fields.",
    seconds=14,
)
async def signature_of_another_row(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(_ROWS)]
    permits[7].hub_signature = permits[6].hub_signature
    replies = await _in_bulk(node, permits)
    refused_in(replies[7], Reason.SIGNATURE_INVALID)
    _others_answered(replies, but=7)


@SUBJECT.case(
    "wrong-proof",
    "A row whose code is somebody else's is refused, wherever it stands",
    rule="conversion_proof holds for (context, C of the inquiry, converted_code), of each permit",
    at=_AT,
    mend="Verify the proof of each row by itself, before its code is opened; one good row proves no other.",
    seconds=18,
)
async def wrong_proof(node: CheckedNode) -> None:
    must_come_with_proofs(node)
    for place in (0, 5, _ROWS - 1):
        permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(_ROWS)]
        permits[place] = of_somebody_else(node, KNOWN)
        replies = await _in_bulk(node, permits)
        refused_in(replies[place], Reason.CONVERSION_NOT_PROVEN, Reason.POINT_INVALID)
        _others_answered(replies, but=place)


@SUBJECT.case(
    "other-row-of-the-table",
    "A row that names another row of the permission table is refused",
    rule="The permission table, by this node's own copy; permission_row names the row that permits",
    at=_AT,
    mend="Decide each row of a message again; one that is permitted permits no other.",
    seconds=14,
)
async def other_row_of_the_table(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(_ROWS)]
    named = "R02" if node.hands.row != "R02" else "R01"
    permits[3] = node.hands.permit(node.asked(KNOWN), row=named)
    replies = await _in_bulk(node, permits)
    refused_in(replies[3], Reason.EXCHANGE_NOT_PERMITTED)
    _others_answered(replies, but=3)


@SUBJECT.case(
    "replayed",
    "A row that was answered before, or stands in a message twice, is answered once",
    rule="The same inquiry digest and processing number get the stored answer, byte for byte; anything else is refused",
    at=_AT,
    mend="Look each row up among what was answered, in one place for all ways to be asked, also within a message.",
    seconds=18,
)
async def replayed(node: CheckedNode) -> None:
    asked = [node.asked(KNOWN) for _ in range(3)]
    before, twice, other = (node.hands.permit(each) for each in asked)
    first = await node.answer(before)
    replies = await _in_bulk(node, [twice, before, twice, other, twice])
    expect(replies[1].response.answer == first, "what was answered alone has another answer in bulk")
    answers = {replies[place].response.answer.SerializeToString() for place in (0, 2, 4)}
    expect(len(answers) == 1, f"one row that stands there three times has {len(answers)} answers")
    expect(
        (await node.answer(other)) == replies[3].response.answer, "what was answered in bulk has another answer alone"
    )
    again = node.hands.permit(asked[2], number=processing_number())
    replies = await _in_bulk(node, [node.hands.permit(node.asked(KNOWN)), again])
    refused_in(replies[1], Reason.PERMIT_REUSED)


@SUBJECT.case(
    "empty-message",
    "A bulk message without a row ends the stream, and nothing else",
    rule="A message without a call, or with more than 256, ends the stream: REQUEST_MALFORMED",
    at="transport.md#streams-of-calls",
    mend="Refuse the message, not the connection.",
)
async def empty_message(node: CheckedNode) -> None:
    replies, status = await node.on_a_stream([ProvideBulkRequest()], replies=1, kind=PROVIDE_BULK)
    expect(not replies, "there was a reply to no row")
    if status == "DEADLINE_EXCEEDED":
        raise unknown("the stream did not end")
    expect(status == CATALOGUE[Reason.REQUEST_MALFORMED].status, f"the stream ended with {status}")
    await node.still_answers(KNOWN)
