"""The same permit again, and other bytes under what was used."""

from __future__ import annotations

from warifu.api.agency.v1.agency_service_pb2 import ProvideResponse
from warifu.errors import Reason
from warifu_kit.conformance.case import Subject, expect, skip, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND, STRANGER
from warifu_kit.conformance.hands import processing_number
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "replays", "checks.md")
_AT = "the-provider"
_SAME = "The same inquiry digest and processing number get the stored answer, byte for byte"
_SAME_MEND = "Store the signed answer with the permit before it leaves, and give the stored bytes again."
_OTHER = "Anything else under this inquirer's request_id is refused: PERMIT_REUSED"
_MANY, _TOGETHER = 200, 25
_OTHER_MEND = "Key what was answered by inquirer and request_id, and compare inquiry digest and processing number."


@SUBJECT.case("same-again", "The same permit gets the same answer, byte for byte", rule=_SAME, at=_AT, mend=_SAME_MEND)
async def same_again(node: CheckedNode) -> None:
    for person in (KNOWN, STRANGER):
        permit = node.hands.permit(node.asked(person))
        first = await node.answer(permit)
        for _ in range(2):
            again = await node.answer(permit)
            expect(again.SerializeToString() == first.SerializeToString(), "the second answer is another one")


@SUBJECT.case("same-at-once", "The same permit many times at once gets one answer", rule=_SAME, at=_AT, mend=_SAME_MEND)
async def same_at_once(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    replies = await node.at_once([permit] * 12)
    answers = {node.answered(reply).SerializeToString() for reply in replies if reply.ok}
    expect(len(answers) == 1, f"there were {len(answers)} different answers")


@SUBJECT.case(
    "same-after-others",
    "It gets the same answer after others were answered",
    rule=_SAME,
    at=_AT,
    mend=_SAME_MEND,
)
async def same_after_others(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    first = await node.answer(permit)
    for person in (SECOND, STRANGER, KNOWN):
        await node.answer(node.hands.permit(node.asked(person)))
    expect((await node.answer(permit)) == first, "the answer is another one")


@SUBJECT.case(
    "other-number", "The same inquiry under another processing number is refused", rule=_OTHER, at=_AT, mend=_OTHER_MEND
)
async def other_number(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    await node.answer(node.hands.permit(asked))
    await node.refused(node.hands.permit(asked, number=processing_number()), Reason.PERMIT_REUSED)


@SUBJECT.case(
    "other-inquiry",
    "Another inquiry under a request_id that was used is refused",
    rule=_OTHER,
    at=_AT,
    mend=_OTHER_MEND,
)
async def other_inquiry(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    request_id = asked.inquiry.context[2:18]
    await node.answer(node.hands.permit(asked))
    other = node.asked(SECOND, request_id=request_id)
    await node.refused(node.hands.permit(other), Reason.PERMIT_REUSED)


@SUBJECT.case(
    "checked-again",
    "A forged permit for what was answered is refused as any forged one",
    rule="The checks 4.1 to 4.6 come before whether the request_id is known",
    at=_AT,
    mend="Verify signatures before you look whether the answer is stored.",
)
async def checked_again(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    await node.answer(permit)
    permit.hub_signature = bytes(64)
    await node.refused(permit, Reason.SIGNATURE_INVALID)


@SUBJECT.case(
    "given-up",
    "What the hub gave up waiting for is answered the same when it asks again",
    rule="A provider stores permit and answer before it answers, and gives the same bytes again",
    at="transport.md#sending-again",
    mend="Finish what was begun when the caller is gone, or begin it anew as if it had never come.",
)
async def given_up(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(KNOWN))
    for seconds in (0.001, 0.004, 0.02):
        reply = await node.provide(permit, seconds=seconds)
        if reply.ok:
            first = ProvideResponse.FromString(reply.body).answer
            expect((await node.answer(permit)) == first, "the answer is another one")
            return
        if reply.reason not in {"", "DEADLINE_TOO_SHORT"}:
            raise unknown(f"it was refused: {reply}")
    expect((await node.answer(permit)) == (await node.answer(permit)), "the second answer is another one")


@SUBJECT.case(
    "after-many",
    "It gets the same answer after very many others",
    rule="Answers for whoever asks again: a day",
    at="node.md#keep",
    mend="Keep answers by time, on disk, and not the newest few.",
    seconds=25,
)
async def after_many(node: CheckedNode) -> None:
    before = node.about.history.before(_MANY)
    if before is None:
        permit = node.hands.permit(node.asked(KNOWN))
        before = permit, await node.answer(permit)
        for _ in range(_MANY // _TOGETHER):
            await node.at_once([node.hands.permit(node.asked(SECOND)) for _ in range(_TOGETHER)])
    permit, first = before
    expect((await node.answer(permit)) == first, f"after {_MANY} others and more the answer is another one")


@SUBJECT.case(
    "of-another-inquirer",
    "Another inquirer's request_id is another exchange, though it be the same bytes",
    rule="This inquirer's request_id is known here",
    at=_AT,
    mend="Key what was answered by inquirer and request_id, both.",
)
async def of_another_inquirer(node: CheckedNode) -> None:
    if node.about.other is None:
        raise skip("nobody else of this network may ask it for anything")
    mine, (hands, code) = node.asked(KNOWN), node.about.other
    permit = node.hands.permit(mine)
    first = await node.answer(permit)
    theirs = hands.asked(code, request_id=mine.inquiry.context[2:18])
    other = hands.permit(theirs)
    reply = await node.provide(other)
    expect(reply.ok, f"the other one's inquiry ended with {reply}")
    answer = node.answered(reply)
    expect(answer != first, "the other inquirer got the first one's answer")
    node.opened_by(hands, other, theirs, answer)
    expect((await node.answer(permit)) == first, "the first one's answer is another one now")


@SUBJECT.case(
    "other-at-once",
    "Of different inquiries under one request_id that come at once, one is answered",
    rule="Two permits of one request_id that come at once are one after the other",
    at=_AT,
    mend="Look for the request_id and store it in one step that nothing comes between; a lock, or a key that must be unique.",
    seconds=14,
)
async def other_at_once(node: CheckedNode) -> None:
    for _ in range(4):
        first = node.asked(KNOWN)
        request_id = first.inquiry.context[2:18]
        others = [node.asked(SECOND, request_id=request_id) for _ in range(5)]
        replies = await node.at_once([node.hands.permit(each) for each in (first, *others)])
        if any(not reply.ok and not reply.reason for reply in replies):
            raise unknown(f"one had no end of its own: {', '.join(map(str, replies))}")
        answered = sum(reply.ok for reply in replies)
        expect(answered == 1, f"of six inquiries under one request_id {answered} were answered")
        reasons = {reply.reason for reply in replies if not reply.ok}
        expect(reasons == {Reason.PERMIT_REUSED.value}, f"the others were refused with {sorted(reasons)}")
