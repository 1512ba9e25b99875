"""自動応答不可フラグ (auto_response_disabled): a clerk decides first."""

from __future__ import annotations

from warifu.agency import ProvidedRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import CLERK
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "flags", "checks.md")
_AT = "the-provider"
_PENDING = inquiry_pb2.PROVISION_OUTCOME_PENDING


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
    expect(answer.outcome == _PENDING, f"it said {inquiry_pb2.ProvisionOutcome.Name(answer.outcome)}")
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
    expect(first.outcome == _PENDING, f"it said {inquiry_pb2.ProvisionOutcome.Name(first.outcome)}")
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
