"""自動応答不可フラグ (auto_response_disabled): a clerk decides first."""

from __future__ import annotations

from warifu.agency import Absence, ProvidedRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu_kit.conformance.business_side import waiting
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import CLERK, CLERK_LATER
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "flags", "checks.md")
_AT = "the-provider"
_ANSWERED = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
_PENDING = inquiry_pb2.PROVISION_OUTCOME_PENDING
_REFUSED = inquiry_pb2.PROVISION_OUTCOME_REFUSED


@SUBJECT.case(
    "pending",
    "What a clerk must release is PENDING, without a sealed answer",
    rule="A clerk must release it (自動応答不可フラグ): outcome PENDING, stored",
    at=_AT,
    mend="Look at the person's flags before the record is sealed; leave sealed_answer empty.",
)
async def pending(node: CheckedNode) -> None:
    asked = node.asked(CLERK)
    permit = node.hands.permit(asked)
    answer = await node.answer(permit)
    expect(answer.outcome == _PENDING, f"it said {named(inquiry_pb2.ProvisionOutcome, answer.outcome)}")
    expect(not answer.sealed_answer, "there is a sealed answer")
    node.opened(permit, asked, answer)


@SUBJECT.case(
    "pending-again",
    "Until a clerk decides, the stored PENDING answer is given again",
    rule="Until then the stored PENDING answer is given again",
    at=_AT,
    mend="Store the PENDING answer as any other, and give its bytes again.",
)
async def pending_again(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(CLERK))
    first = await node.answer(permit)
    expect(first.outcome == _PENDING, f"it said {named(inquiry_pb2.ProvisionOutcome, first.outcome)}")
    expect((await node.answer(permit)) == first, "the second answer is another one")


@SUBJECT.case(
    "released",
    "What a clerk released is answered to the same permit",
    rule="A pending one that a clerk has decided meanwhile is made anew at the next call with the same permit",
    at=_AT,
    mend="Look at the decision when the permit comes again, and make the answer then.",
)
async def released(node: CheckedNode) -> None:
    asked = node.asked(CLERK)
    permit = node.hands.permit(asked)
    await node.answer(permit)
    await node.decide(permit.processing_number, release=True)
    answer = await node.answer(permit)
    opened = node.opened(permit, asked, answer)
    expect(isinstance(opened.found, ProvidedRecord), f"there was {opened.found}")
    expect((await node.answer(permit)) == answer, "asked once more, the answer is another one")


@SUBJECT.case(
    "refused",
    "What a clerk refused is REFUSED, without a sealed answer",
    rule="PENDING and REFUSED have no box",
    at="node.md#answer",
    mend="Leave sealed_answer empty, sign the outcome, and keep to it.",
)
async def refused(node: CheckedNode) -> None:
    asked = node.asked(CLERK)
    permit = node.hands.permit(asked)
    await node.answer(permit)
    await node.decide(permit.processing_number, release=False)
    answer = await node.answer(permit)
    expect(answer.outcome == inquiry_pb2.PROVISION_OUTCOME_REFUSED, f"outcome is {answer.outcome}")
    node.opened(permit, asked, answer)


@SUBJECT.case(
    "refused-again",
    "What a clerk refused stays refused: asked again it is the same answer, and no clerk is asked again",
    rule="Made anew with the decision, stored, and given again from then on, REFUSED as well as ANSWERED",
    at=_AT,
    mend="Store the REFUSED answer as any other, give its bytes again, and list it to no clerk any more.",
)
async def refused_again(node: CheckedNode) -> None:
    asked = node.asked(CLERK)
    permit = node.hands.permit(asked)
    await node.answer(permit)
    await node.decide(permit.processing_number, release=False)
    first = await node.answer(permit)
    expect(first.outcome == _REFUSED, f"outcome is {named(inquiry_pb2.ProvisionOutcome, first.outcome)}")
    for _ in range(3):
        again = await node.answer(permit)
        name = named(inquiry_pb2.ProvisionOutcome, again.outcome)
        expect(again == first, f"asked again after it was refused, there is another answer: {name}")
        expect(permit.processing_number not in await waiting(node), "a clerk is asked about it again")


@SUBJECT.case(
    "asked-once",
    "A clerk is shown what waits, once, and no more once it is decided",
    rule="A clerk must release it (自動応答不可フラグ): outcome PENDING, stored",
    at=_AT,
    mend="List one row for each provision that waits, and none that a clerk has decided.",
)
async def asked_once(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(CLERK))
    for _ in range(2):
        await node.answer(permit)
    shown = (await waiting(node)).count(permit.processing_number)
    expect(shown == 1, f"a clerk is shown it {shown} times")
    await node.decide(permit.processing_number, release=True)
    expect(permit.processing_number not in await waiting(node), "a clerk is shown what was decided")


@SUBJECT.case(
    "released-once",
    "What a clerk releases is that one provision; the next about the same person waits again",
    rule="A decision is about one provision, by its processing number, and about no other of that person",
    at=_AT,
    mend="Keep a decision with the provision that it is about, by processing number, and not with the person.",
)
async def released_once(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(CLERK)) for _ in range(2)]
    for permit in permits:
        await node.answer(permit)
    await node.decide(permits[0].processing_number, release=True)
    expect((await node.answer(permits[0])).outcome == _ANSWERED, "what was released is not answered")
    for words, permit in (
        ("that waits as well", permits[1]),
        ("that comes after it", node.hands.permit(node.asked(CLERK))),
    ):
        outcome = (await node.answer(permit)).outcome
        expect(outcome == _PENDING, f"one {words} is {named(inquiry_pb2.ProvisionOutcome, outcome)}")


@SUBJECT.case(
    "each-year",
    "What a clerk must release waits whichever year is asked for",
    rule="A clerk must release it (自動応答不可フラグ): outcome PENDING, stored",
    at=_AT,
    mend="The flag is the person's, and not a record's: look at it before you look for the record.",
)
async def each_year(node: CheckedNode) -> None:
    for year in (0, *CLERK.years, 1901):
        answer = await node.answer(node.hands.permit(node.asked(CLERK, fiscal_year=year)))
        name = named(inquiry_pb2.ProvisionOutcome, answer.outcome)
        expect(answer.outcome == _PENDING, f"asked for {year or 'the newest'} it is {name}")
        expect(not answer.sealed_answer, f"asked for {year or 'the newest'} there is a sealed answer")


@SUBJECT.case(
    "released-on-its-day",
    "What a clerk released before the record's first day is NOT_PUBLISHED",
    rule="A replica is provided if today is from publication_start to publication_end: a clerk's word changes no day",
    at=_AT,
    mend="Make the answer as without a clerk once it is released, with the same look at the days.",
)
async def released_on_its_day(node: CheckedNode) -> None:
    asked = node.asked(CLERK_LATER)
    permit = node.hands.permit(asked)
    answer = await node.answer(permit)
    if answer.outcome == _PENDING:
        await node.decide(permit.processing_number, release=True)
        answer = await node.answer(permit)
    opened = node.opened(permit, asked, answer)
    expect(opened.found is Absence.NOT_PUBLISHED, f"there was {opened.found}")


@SUBJECT.case(
    "decided-for-nobody",
    "A decision about a number that nobody waits under is refused, and decides nothing",
    rule="A decision is about one provision, by its processing number, and about no other of that person",
    at=_AT,
    mend="Look the provision up by its whole processing number, and refuse where none waits under it.",
)
async def decided_for_nobody(node: CheckedNode) -> None:
    permit = node.hands.permit(node.asked(CLERK))
    await node.answer(permit)
    number = permit.processing_number
    for other in (number[:-1] + str((int(number[-1]) + 1) % 10), number[:-1], f"{number}0", ""):
        refused = await node.refused_decision(other, release=True)
        outcome = (await node.answer(permit)).outcome
        expect(outcome == _PENDING, "a decision about another number released what waits")
        expect(refused, f"a decision about {other!r}, which is nobody's, was taken")
