"""What an answer looks like to those who cannot open it, and to the one who can."""

from __future__ import annotations

import secrets

from warifu.agency import Absence, ProvidedRecord
from warifu.api.record.v1.sealed_pb2 import SealedQuery
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.errors import Reason
from warifu.exchange.seal import SealingKey
from warifu_kit.conformance.case import Subject, expect
from warifu_kit.conformance.cast import KNOWN, LATER, SECOND, STRANGER
from warifu_kit.conformance.evidence import named
from warifu_kit.conformance.hands import Asked
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "answers", "checks.md")
_AT = "the-provider"
_OVERHEAD = 48
_LEAST = 560


async def _answer(node: CheckedNode, asked: Asked) -> SignedAnswer:
    return await node.answer(node.hands.permit(asked))


@SUBJECT.case(
    "same-size",
    "Known, unknown and unpublished have answers of one outcome and one size",
    rule="What a provider may not tell: whether the person exists, by outcome, size or time",
    at=_AT,
    mend="Pad what is sealed as sealed.md says, and answer ANSWERED whether there is a record or not.",
)
async def same_size(node: CheckedNode) -> None:
    answers = [await _answer(node, node.asked(person)) for person in (KNOWN, SECOND, LATER, STRANGER)]
    outcomes = {named(inquiry_pb2.ProvisionOutcome, answer.outcome) for answer in answers}
    expect(outcomes == {"PROVISION_OUTCOME_ANSWERED"}, f"outcomes were {sorted(outcomes)}")
    sizes = [len(answer.sealed_answer) for answer in answers]
    expect(len(set(sizes)) == 1, f"sizes of known, known, unpublished and unknown were {sizes}")


@SUBJECT.case(
    "size",
    "A sealed answer has a size of the table",
    rule="sealed_answer has 560 bytes at least, in steps of 256",
    at="sealed.md#framing-and-padding",
    mend="Frame with the length in four bytes, pad with zeros to 512 at least, in steps of 256.",
)
async def size(node: CheckedNode) -> None:
    length = len((await _answer(node, node.asked(KNOWN))).sealed_answer)
    expect(length >= _LEAST and (length - _OVERHEAD) % 256 == 0, f"it has {length} bytes")


@SUBJECT.case(
    "whole-minute",
    "The time of an answer is a whole minute",
    rule="provision_time is the whole minute",
    at=_AT,
    mend="Round down to the minute before signing.",
)
async def whole_minute(node: CheckedNode) -> None:
    told = (await _answer(node, node.asked(KNOWN))).provision_time
    expect(told.seconds % 60 == 0 and not told.nanos, f"it is {told.seconds} s and {told.nanos} ns")
    begins = int.from_bytes(node.asked(KNOWN).inquiry.context[84:92], "big") // 1000
    expect(abs(told.seconds - begins) <= 120, f"it is {told.seconds - begins} seconds from now")


@SUBJECT.case(
    "tag",
    "The tag of an answer is 16 bytes, and another one each time",
    rule="citizen_tag 16 random bytes",
    at=_AT,
    mend="Draw a new tag for each answer from the system's randomness; do not copy the inquiry's.",
)
async def tag(node: CheckedNode) -> None:
    asked = [node.asked(KNOWN) for _ in range(3)]
    tags = [(await _answer(node, each)).citizen_tag for each in asked]
    expect(all(len(each) == 16 for each in tags), f"lengths are {[len(each) for each in tags]}")
    expect(len(set(tags)) == len(tags), "two answers have the same tag")
    expect(not set(tags) & {each.inquiry.citizen_tag for each in asked}, "the tag is the inquiry's")
    expect(all(len(set(each)) > 2 for each in tags), "the tag is no random bytes")


@SUBJECT.case(
    "sealed-anew",
    "Two answers about the same person share nothing that can be seen",
    rule="Seal to the query's answer_key, with a new key of the sender each time",
    at="sealed.md#the-answer",
    mend="Use HPKE's single-shot sealing, with a fresh ephemeral key.",
)
async def sealed_anew(node: CheckedNode) -> None:
    first, second = [await _answer(node, node.asked(KNOWN)) for _ in range(2)]
    expect(first.sealed_answer[:32] != second.sealed_answer[:32], "both are sealed with the same ephemeral key")


@SUBJECT.case(
    "signature-covers",
    "The provider's signature covers outcome, box, time, tag and number",
    rule="provider_signature over this inquiry and processing number",
    at="signed.md#warifu-v1answer",
    mend="Sign every item of the page's table, in its order.",
)
async def signature_covers(node: CheckedNode) -> None:
    asked = node.asked(KNOWN)
    permit = node.hands.permit(asked)
    node.opened(permit, asked, await node.answer(permit))


@SUBJECT.case(
    "query-of-another",
    "A query that was sealed in another context is refused",
    rule="The query opens, with the context as info",
    at=_AT,
    mend="Give the context of the permit as HPKE's info.",
)
async def query_of_another(node: CheckedNode) -> None:
    context = node.hands.context()
    asked = node.hands.asked_in(node.code(KNOWN), context, info=secrets.token_bytes(116))
    await node.refused(node.hands.permit(asked), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "query-together",
    "Queries that share a set-up are opened, in whatever order they come, and only in their own context",
    rule="The query opens, alone or together",
    at=_AT,
    mend="Tell a box together by its length; its place is the sequence number, its info between the two, its aad the context.",
)
async def query_together(node: CheckedNode) -> None:
    people = (KNOWN, SECOND, STRANGER)
    asked = node.hands.asked_together(*(node.code(person) for person in people))
    for each, person in reversed(list(zip(asked, people, strict=True))):
        permit = node.hands.permit(each)
        found = node.opened(permit, each, await node.answer(permit)).found
        wanted = Absence if person is STRANGER else ProvidedRecord
        expect(isinstance(found, wanted), f"of {person.name} it says {type(found).__name__}")
    one, other = node.hands.asked_together(node.code(KNOWN), node.code(KNOWN))
    one.inquiry.sealed_query = other.inquiry.sealed_query
    node.hands.sign_inquiry(one.inquiry)
    await node.refused(node.hands.permit(one), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "query-without-key",
    "A query whose answer key is none is refused",
    rule="The query opens, parses, and its answer_key has 32 bytes",
    at=_AT,
    mend="Look at the length of answer_key before anything is sealed to it.",
)
async def query_without_key(node: CheckedNode) -> None:
    for key in (b"", secrets.token_bytes(31), secrets.token_bytes(33)):
        asked = node.hands.asked_in(node.code(KNOWN), node.hands.context(), query=SealedQuery(answer_key=key))
        await node.refused(node.hands.permit(asked), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "query-of-small-order",
    "A query with an answer key of small order is refused",
    rule="answer_key is no key of small order",
    at=_AT,
    mend="Refuse when X25519 gives zeros; the library says so.",
)
async def query_of_small_order(node: CheckedNode) -> None:
    for key in (bytes(32), b"\x01" + bytes(31)):
        asked = node.hands.asked_in(node.code(KNOWN), node.hands.context(), query=SealedQuery(answer_key=key))
        await node.refused(node.hands.permit(asked), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "query-garbled",
    "A query that does not parse is refused",
    rule="The query opens, parses",
    at=_AT,
    mend="Answer REQUEST_MALFORMED when the opened bytes are no SealedQuery.",
)
async def query_garbled(node: CheckedNode) -> None:
    asked = node.hands.asked_in(node.code(KNOWN), node.hands.context(), query=b"\xff\xff\xff")
    await node.refused(node.hands.permit(asked), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "query-of-a-later-version",
    "A field of a later version in a query is passed over",
    rule="Unknown fields are passed over",
    at="checks.md#at-the-edge-of-every-server",
    mend="Parse with a protobuf library as it is, and do not refuse unknown fields.",
)
async def query_of_a_later_version(node: CheckedNode) -> None:
    key = SealingKey.from_bytes(secrets.token_bytes(32))
    query = SealedQuery(answer_key=key.public).SerializeToString() + b"\xc2\x3e\x03new"
    made = node.hands.asked_in(node.code(KNOWN), node.hands.context(), query=query)
    await node.found(Asked(made.inquiry, key))
