"""Permits on a stream: the same calls as alone, many in a message, each with its own end."""

from __future__ import annotations

from warifu.agency import Absence
from warifu.api.agency.v1.agency_service_pb2 import ProvideStreamRequest
from warifu.errors import CATALOGUE, Reason
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND, STRANGER
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.streams import by_number, message, refused_in

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "stream", "transport.md")
_AT = "streams-of-calls"
_RULE = "call_number is the caller's; replies come in any order; one call's failure ends no other"
_MEND = "Serve each call of a message as if it had been made alone, and reply under its call_number."


@SUBJECT.case(
    "several", "Each of several permits in one message gets its own answer", rule=_RULE, at=_AT, mend=_MEND, seconds=14
)
async def several(node: CheckedNode) -> None:
    people = [(KNOWN, SECOND, STRANGER)[turn % 3] for turn in range(18)]
    asked = [node.asked(person) for person in people]
    permits = [node.hands.permit(each) for each in asked]
    numbers = [1000 - 7 * turn for turn in range(len(people))]
    halves = [message(permits[:12], numbers[:12]), message(permits[12:], numbers[12:])]
    replies, status = await node.on_a_stream(halves, replies=len(numbers), seconds=10)
    found = by_number(replies, numbers, status)
    for number, person, each, permit in zip(numbers, people, asked, permits, strict=True):
        reply = found[number]
        expect(reply.HasField("response"), f"a good permit failed with {reply.failure.reason}")
        opened = node.opened(permit, each, reply.response.answer).found
        expect((opened is Absence.NOT_HELD) == (person is STRANGER), f"about {person.name} there was {opened!r}")


@SUBJECT.case(
    "one-bad", "A bad permit among good ones fails alone, with its reason", rule=_RULE, at=_AT, mend=_MEND, seconds=14
)
async def one_bad(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(5)]
    permits[2].hub_signature = bytes(64)
    numbers = [1, 2, 3, 4, 5]
    replies, status = await node.on_a_stream([message(permits, numbers)], replies=5)
    found = by_number(replies, numbers, status)
    refused_in(found[3], Reason.SIGNATURE_INVALID)
    good = [number for number in numbers if number != 3 and not found[number].HasField("response")]
    expect(not good, f"good ones beside it failed with {[found[number].failure.reason for number in good]}")


@SUBJECT.case(
    "as-alone",
    "A permit that was answered alone gets the same answer on a stream, and the other way round",
    rule="ProvideStream carries the same calls as Provide",
    at=_AT,
    mend="Keep what was answered in one place for both.",
)
async def as_alone(node: CheckedNode) -> None:
    permit, other = (node.hands.permit(node.asked(KNOWN)) for _ in range(2))
    first = await node.answer(permit)
    replies, status = await node.on_a_stream([message([permit, other], [8, 9])], replies=2)
    found = by_number(replies, [8, 9], status)
    expect(found[8].response.answer == first, "on the stream the answer is another one")
    expect((await node.answer(other)) == found[9].response.answer, "alone the answer is another one")


@SUBJECT.case(
    "cut",
    "What was on a stream that was cut is answered the same when it comes again",
    rule="A stream that ends says nothing of the calls that it still owed; the same bytes get the same answer",
    at=_AT,
    mend="Finish what was begun when the stream is gone, or begin it anew as if it had never come.",
    seconds=14,
)
async def cut(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(8)]
    numbers = list(range(8))
    replies, _ = await node.on_a_stream([message(permits, numbers)], replies=1)
    told = {reply.call_number: reply.response.answer for reply in replies if reply.HasField("response")}
    for number, permit in zip(numbers, permits, strict=True):
        answer = await node.answer(permit)
        expect(answer == told.get(number, answer), "the answer is another one")
        expect((await node.answer(permit)) == answer, "asked once more, the answer is another one")


@SUBJECT.case(
    "empty-message",
    "A message without a call ends the stream, and nothing else",
    rule="A message without a call, or with more than 256, ends the stream: REQUEST_MALFORMED",
    at=_AT,
    mend="Refuse the message, not the connection.",
)
async def emptymessage(node: CheckedNode) -> None:
    replies, status = await node.on_a_stream([ProvideStreamRequest()], replies=1)
    expect(not replies, "there was a reply to no call")
    if status == "DEADLINE_EXCEEDED":
        raise unknown("the stream did not end")
    expect(status == CATALOGUE[Reason.REQUEST_MALFORMED].status, f"the stream ended with {status}")
    await node.still_answers(KNOWN)
