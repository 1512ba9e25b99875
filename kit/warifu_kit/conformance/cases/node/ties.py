"""What a tag may not be made of: random bytes together with something of the person, so that a fixed function of both gives it.

Each tag alone is then as good as random, and no two are alike. The same person is asked about often enough that a relation which
holds in all of the tags is no chance; then somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import KNOWN, SECOND, CastPerson
from warifu_kit.conformance.history import Answered
from warifu_kit.conformance.node_under_check import CheckedNode
from warifu_kit.conformance.relations import enough, fixed_relations

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "ties", "checks.md")
_AT = "the-provider"
_RULE = "citizen_tag 16 random bytes"
_MEND = "Draw all 16 bytes of the system's randomness; leave the person, their codes and rows out of it, masked or not."
_BITS, _BESIDE, _TOGETHER = 128, 64, 50


async def _answers(node: CheckedNode, person: CastPerson, count: int) -> list[Answered]:
    """So many answers about somebody: those of the run until now, and as many more as that takes. Raises: CaseEnd."""
    history = node.about.history
    while (missing := count - len(history.of(person))) > 0:
        permits = [node.hands.permit(node.asked(person)) for _ in range(min(_TOGETHER, missing))]
        for reply in await node.at_once(permits):
            node.answered(reply)
    return history.of(person)[:count]


def _tags(asked: Sequence[Answered]) -> list[bytes]:
    tags = [answer.citizen_tag for _, answer in asked]
    expect(all(8 * len(tag) == _BITS for tag in tags), "a tag has not 16 bytes")
    return tags


def _words(relations: Sequence[tuple[int, ...]]) -> str:
    if not relations:
        return "no relation"
    first = relations[0]
    shown = ", ".join(map(str, first[:12])) + (", …" if len(first) > 12 else "")
    together = "is the same" if len(first) == 1 else "have the same sum"
    return f"{len(relations)} relations; bit{'s' if len(first) > 1 else ''} {shown} {together} in all of them"


@SUBJECT.case(
    "of-one-person",
    "No fixed function of a tag's bits is the same in all answers about one person",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=20,
)
async def of_one_person(node: CheckedNode) -> None:
    for person in (KNOWN, SECOND):
        tags = _tags(await _answers(node, person, enough(_BITS)))
        found = fixed_relations(tags)
        expect(not found, f"{len(tags)} tags of {person.name}: {_words(found)}")


@SUBJECT.case(
    "with-what-is-beside",
    "No fixed function of a tag and what stands beside it is the same in all answers about one person",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=25,
)
async def with_what_is_beside(node: CheckedNode) -> None:
    asked = await _answers(node, KNOWN, enough(_BITS + _BESIDE))
    tags = _tags(asked)
    for name, values in _beside(asked).items():
        found = fixed_relations(tags, values)
        expect(not found, f"{len(tags)} tags of {KNOWN.name} and {name} (its bits from {_BITS} on): {_words(found)}")


def _beside(asked: Sequence[Answered]) -> dict[str, list[bytes]]:
    """What a tag might have been mixed with, by name: of the first 16 bytes of each either half."""
    told = {
        "the request_id": [permit.inquiry.context[2:18] for permit, _ in asked],
        "the inquiry's tag": [permit.inquiry.citizen_tag for permit, _ in asked],
        "the inquiry's code": [permit.inquiry.encrypted_code.c1 for permit, _ in asked],
        "the converted code": [permit.converted_code.c1 for permit, _ in asked],
        "the second half of that": [permit.converted_code.c2 for permit, _ in asked],
        "the processing number": [permit.processing_number.encode() for permit, _ in asked],
        "the inquirer's signature": [permit.inquiry.inquirer_signature for permit, _ in asked],
        "the sealed query": [permit.inquiry.sealed_query for permit, _ in asked],
        "the sealed answer": [answer.sealed_answer for _, answer in asked],
    }
    size = _BESIDE // 8
    halves = {f"{name}, bytes {at} to {at + size - 1}": at for name in told for at in (0, size)}
    return {words: [value[at : at + size] for value in told[words.partition(",")[0]]] for words, at in halves.items()}
