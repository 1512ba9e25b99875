"""What the tag of an answer may not do: link two answers about one person, or tell anything of them.

Whoever sees tags has nothing but them and what stands beside them in the log. What is derived under a key nobody can see here;
what repeats, counts, or is made of what stands beside it can be.
"""

from __future__ import annotations

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import CLERK, KNOWN, LATER, STRANGER
from warifu_kit.conformance.likeness import likeness
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "tags", "checks.md")
_AT = "the-provider"
_RULE = "citizen_tag 16 random bytes"
_MEND = "Draw 16 bytes of the system's randomness for each answer, whoever and whatever it is about; derive them from nothing."
_OF_ONE = 12


async def _answers(node: CheckedNode, permits: list[ProvisionPermit]) -> list[SignedAnswer]:
    return [node.answered(reply) for reply in await node.at_once(permits)]


@SUBJECT.case("length", "Every answer has a tag of 16 bytes, whatever it says", rule=_RULE, at=_AT, mend=_MEND)
async def length(node: CheckedNode) -> None:
    people = (KNOWN, STRANGER, LATER, CLERK)
    answers = await _answers(node, [node.hands.permit(node.asked(person)) for person in people])
    sizes = [len(answer.citizen_tag) for answer in answers]
    expect(set(sizes) == {16}, f"tags of known, unknown, unpublished and pending have {sizes} bytes")


@SUBJECT.case(
    "unlinked",
    "Tags of answers about one person share nothing with one another",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def unlinked(node: CheckedNode) -> None:
    for person in (KNOWN, STRANGER, CLERK):
        permits = [node.hands.permit(node.asked(person)) for _ in range(_OF_ONE)]
        tags = [answer.citizen_tag for answer in await _answers(node, permits)]
        node.evidence.noted(f"{_OF_ONE} tags of {person.name}: {', '.join(tag.hex() for tag in tags)}")
        found = likeness(tags)
        expect(not found, f"{_OF_ONE} answers about one person: {found}")


@SUBJECT.case(
    "of-nothing",
    "A tag is not made of what stands beside it",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def of_nothing(node: CheckedNode) -> None:
    permits = [node.hands.permit(node.asked(KNOWN)) for _ in range(_OF_ONE)]
    answers = await _answers(node, permits)
    for name in _beside(permits[0], answers[0]):
        masked = [
            bytes(a ^ b for a, b in zip(answer.citizen_tag, _beside(permit, answer)[name][:16], strict=False))
            for permit, answer in zip(permits, answers, strict=True)
        ]
        found = likeness(masked)
        expect(not found, f"tags without {name}: {found}")


def _beside(permit: ProvisionPermit, answer: SignedAnswer) -> dict[str, bytes]:
    """What a tag might have been mixed with, by name; 16 bytes at least each."""
    inquiry = permit.inquiry
    return {
        "the request_id": inquiry.context[2:18],
        "the inquiry's tag": inquiry.citizen_tag,
        "the inquiry's code": inquiry.encrypted_code.c1,
        "the converted code": permit.converted_code.c1,
        "the processing number": permit.processing_number.encode(),
        "the inquirer's signature": inquiry.inquirer_signature,
        "the sealed query": inquiry.sealed_query,
        "the sealed answer": answer.sealed_answer,
    }
