"""Several questions at once, and what inquiries about one person have in common."""

from __future__ import annotations

import asyncio

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.exchange.codes import row_key
from warifu.exchange.provision import open_row_key_unproven
from warifu_kit.conformance.case import Subject, expect, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND, CastPerson
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.likeness import likeness

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "together", "node.md")
_COUNT = 12
_ALL_COME_S = 1.0
_MIXED = "Replies are about the call that they answer"
_MIXED_MEND = (
    "Keep what belongs to an inquiry with it; match what comes by call and request_id, never by what came last."
)


def _given(number: int) -> CastPerson:
    return CastPerson(name=f"K-{20 + number}")


class _Crowd:
    """Many questions about two people at once, answered last come first, each with a record of its own."""

    def __init__(self, inquirer: CheckedInquirer) -> None:
        self.inquirer = inquirer
        self.people = [(KNOWN, SECOND)[turn % 2] for turn in range(_COUNT)]
        self.questions = [inquirer.question(person) for person in self.people]
        self.came: dict[bytes, SignedInquiry] = {}
        self._all = asyncio.Event()

    async def act(self, inquiry: SignedInquiry) -> ExchangeResponse:
        request_id = inquiry.context[2:18]
        self.came[request_id] = inquiry
        if len(self.came) == _COUNT:
            self._all.set()
        try:
            async with asyncio.timeout(_ALL_COME_S):
                await self._all.wait()
        except TimeoutError:
            pass  # a node that asks one after the other mixes nothing up
        place = list(self.came).index(request_id)
        await asyncio.sleep(0.005 * (_COUNT - place))
        return self.inquirer.response(inquiry, self.inquirer.record_for(_given(self._number(request_id))))

    def _number(self, request_id: bytes) -> int:
        asked = [question.request_id for question in self.questions]
        return asked.index(request_id) if request_id in asked else 99

    async def asked(self) -> list[node_pb2.InquiryResult]:
        """Their results, in order. Raises: CaseEnd."""
        self.inquirer.hub_does(self.act)
        ends = await asyncio.gather(*(self.inquirer.ask(question, seconds=8) for question in self.questions))
        without = [str(each) for each in ends if each.result is None]
        if without:
            raise unknown(f"{len(without)} of {_COUNT} at once had no result, the first: {without[0]}")
        return [each.result for each in ends if each.result is not None]


@SUBJECT.case(
    "records",
    "Of questions asked at once each gets its own record",
    rule=_MIXED,
    at="transport.md#streams-of-calls",
    mend=_MIXED_MEND,
    seconds=14,
)
async def records(inquirer: CheckedInquirer) -> None:
    crowd = _Crowd(inquirer)
    results = await crowd.asked()
    wanted = [inquirer.record_for(_given(number)).record for number in range(_COUNT)]
    mixed = sum(result.record != record for result, record in zip(results, wanted, strict=True))
    expect(not mixed, f"{mixed} of {_COUNT} questions got another one's record")
    numbers = {result.processing_number for result in results}
    expect(len(numbers) == _COUNT, "two were told the same processing number")


@SUBJECT.case(
    "people",
    "Of questions asked at once each is about its own person",
    rule="C1, C2 of the person's code",
    at="ask",
    mend=_MIXED_MEND,
    seconds=14,
)
async def people(inquirer: CheckedInquirer) -> None:
    crowd = _Crowd(inquirer)
    await crowd.asked()
    keys, directory = inquirer.about.provider_keys, inquirer.hands.directory
    for question, person in zip(crowd.questions, crowd.people, strict=True):
        inquiry = crowd.came.get(question.request_id)
        expect(inquiry is not None, "an inquiry came under another request_id")
        checked = inquirer.checked(inquirer.permit(inquiry or SignedInquiry()))
        opened = open_row_key_unproven(checked, keys, directory)
        expect(
            opened == row_key(keys.row_secret, inquirer.about.points[person.name]), f"one is not about {person.name}"
        )


@SUBJECT.case(
    "tags",
    "Tags of inquiries about one person share nothing with one another, nor with what stands beside them",
    rule="citizen_tag, 16 random bytes",
    at="ask",
    mend="Draw 16 bytes of the system's randomness for each inquiry; derive them from nothing.",
    seconds=14,
)
async def tags(inquirer: CheckedInquirer) -> None:
    brought = [await inquirer.one_brought(KNOWN) for _ in range(_COUNT)]
    plain = [inquiry.citizen_tag for inquiry in brought]
    expect({len(each) for each in plain} == {16}, "not all have 16 bytes")
    found = likeness(plain)
    expect(not found, f"{_COUNT} inquiries about one person: {found}")
    for name, beside in _beside(brought).items():
        masked = [
            bytes(a ^ b for a, b in zip(tag, other, strict=False)) for tag, other in zip(plain, beside, strict=True)
        ]
        found = likeness(masked)
        expect(not found, f"tags without {name}: {found}")


def _beside(brought: list[SignedInquiry]) -> dict[str, list[bytes]]:
    return {
        "the request_id": [each.context[2:18] for each in brought],
        "the code": [each.encrypted_code.c1[:16] for each in brought],
        "the sealed query": [each.sealed_query[:16] for each in brought],
        "the proof of the code": [each.code_proof[:16] for each in brought],
    }
