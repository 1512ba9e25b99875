"""Nothing comes with an answer beside it: no metadata, no words, no field that its message has not, at any depth."""

from __future__ import annotations

from warifu.agency import ProvidedRecord
from warifu.api.agency.v1.agency_service_pb2 import ProvideResponse
from warifu.api.record.v1.sealed_pb2 import SealedAnswer
from warifu.exchange.boxes_together import answer_info
from warifu.exchange.seal import LEAST_ANSWER, open_sealed
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import CLERK, FIRST_DAY, KNOWN, LATER, SECOND, STRANGER
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.wire.beside import beside, strange_fields

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "beside", "checks.md")
_AT = "the-provider"
_EVERYBODY = (KNOWN, SECOND, LATER, CLERK, STRANGER, FIRST_DAY)


@SUBJECT.case(
    "the-answer",
    "With an answer comes nothing that its message has not",
    rule="What a provider may not tell: whether the person exists, by outcome, size or time",
    at=_AT,
    mend="Set no metadata, no status text and no field of your own on an answer, the first time and again.",
)
async def the_answer(node: CheckedNode) -> None:
    for person in _EVERYBODY:
        permit = node.hands.permit(node.asked(person))
        for _ in range(2):
            reply = await node.provide(permit)
            node.answered(reply)
            found = beside(reply, ProvideResponse)
            expect(not found, f"beside the answer: {', '.join(found)}")


@SUBJECT.case(
    "inside",
    "In the sealed answer is nothing that its message has not",
    rule="A SealedAnswer: a record with a type, or an absence, and gossip",
    at="sealed.md#the-answer",
    mend="Serialize the messages of the contract, and records as they were registered.",
)
async def inside(node: CheckedNode) -> None:
    kind = node.about.agency.provided(node.hands.item).record_type
    for person in (each for each in _EVERYBODY if each is not CLERK):
        asked = node.asked(person)
        permit = node.hands.permit(asked)
        answer = await node.answer(permit)
        found = node.opened(permit, asked, answer).found
        info = answer_info(asked.inquiry.context)
        plain = open_sealed(asked.answer_key, info, answer.sealed_answer, where="", least=LEAST_ANSWER)
        strange = strange_fields(plain, SealedAnswer)
        if isinstance(found, ProvidedRecord):
            strange += strange_fields(found.record, kind)
        expect(not strange, f"inside the sealed answer: {', '.join(strange)}")
