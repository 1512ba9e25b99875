"""A hub that is honest first, and lies then: each of its lies again, after good answers and among them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason
from warifu_kit.conformance.case import CaseEnd, Subject, unknown
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.lies import LIES

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "later", "checks.md")
_AT = "the-inquirer"
_RULE = "Each answer is checked, whatever was good before: of this exchange, of this person, of this hub"
_MEND = (
    "Check every answer in the one place that every answer goes through; keep no note that somebody, or a connection, was"
    " honest before."
)
_SECONDS = 20
_FIRST_S, _TIMES = 0.8, 3
_IN_VAIN_S = 1.6  # a node may send the same bytes again for as long as it has time
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class _Told:
    """One lie: ``words`` follow "a hub that"; ``act`` brings it."""

    words: str
    act: Callable[[SignedInquiry], Awaitable[ExchangeResponse]]


Lies = Mapping[bytes, _Told]
"""What is brought of which inquiries, by request_id."""


async def _every_lie(inquirer: CheckedInquirer) -> Lies:
    """Every lie there is, each for an inquiry to come, after good answers about those whom they are about. Raises: CaseEnd."""
    kept: list[ExchangeResponse] = []

    async def keeping(inquiry: SignedInquiry) -> ExchangeResponse:
        kept.append(await inquirer.honest(inquiry))
        return kept[-1]

    inquirer.hub_does(keeping)
    for person in (KNOWN, SECOND, KNOWN):
        await inquirer.record_of(inquirer.question(person))
    other = await inquirer.one_brought(SECOND)

    async def of_another_person(_: SignedInquiry) -> ExchangeResponse:
        return await inquirer.honest(other)

    async def earlier(_: SignedInquiry) -> ExchangeResponse:
        return kept[0]

    def box_of_another(response: ExchangeResponse) -> None:
        response.answer.sealed_answer = kept[-1].answer.sealed_answer

    told = [
        *(_Told(lie.words, inquirer.spoilt(lie.spoil)) for lie in LIES),
        _Told("brings the answer to an earlier inquiry", earlier),
        _Told("brings the answer about another person", of_another_person),
        _Told("brings the box of another answer", inquirer.spoilt(box_of_another)),
        _Told("says a reason that no hub says", inquirer.failing(Reason.RECORD_NOT_HELD)),
    ]
    return {inquirer.question(KNOWN).request_id: each for each in told}


def _some(lies: Lies) -> Lies:
    """One in three, of every kind: a node that sends again takes its time over each."""
    return dict(list(lies.items())[::3])


def _lying(inquirer: CheckedInquirer, lies: Lies) -> set[bytes]:
    """Have the hub lie of these inquiries, and be honest of all others. Of which it has lied, by request_id."""
    told, kept = set[bytes](), dict[bytes, ExchangeResponse]()

    async def act(inquiry: SignedInquiry) -> ExchangeResponse:
        request_id = inquiry.context[2:18]
        lie = lies.get(request_id)
        if lie is None:
            return await inquirer.honest(inquiry)
        told.add(request_id)
        if request_id not in kept:  # the same bytes get the same answer, however often they come
            kept[request_id] = await lie.act(inquiry)
        return kept[request_id]

    inquirer.hub_does(act)
    return told


def _questions(inquirer: CheckedInquirer, lies: Lies) -> list[node_pb2.Inquiry]:
    return [inquirer.question(KNOWN, request_id=request_id) for request_id in lies]


def _parts(questions: Sequence[node_pb2.Inquiry]) -> list[Sequence[node_pb2.Inquiry]]:
    return [questions[place : place + _AT_ONCE] for place in range(0, len(questions), _AT_ONCE)]


async def _discarded(inquirer: CheckedInquirer, questions: Sequence[node_pb2.Inquiry], lies: Lies) -> None:
    """Ask all of them, some at once, and see that what is no lie is handed over, and nothing else. Raises: CaseEnd."""
    told = _lying(inquirer, lies)

    async def seen(question: node_pb2.Inquiry) -> None:
        lie = lies.get(question.request_id)
        if lie is None:
            await inquirer.record_of(question)
            return
        try:
            await _fails(inquirer, question, told)
        except CaseEnd as end:
            raise CaseEnd(end.verdict, f"a hub that {lie.words}: {end.words}") from None

    for part in _parts(questions):
        ends = await asyncio.gather(*(seen(each) for each in part), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end


async def _fails(inquirer: CheckedInquirer, question: node_pb2.Inquiry, told: set[bytes]) -> None:
    """See that what the hub lied of is discarded. Raises: CaseEnd.

    A call about an inquiry that is under way shares it, and may end as that did, before the hub lied: then it is made again.
    """
    for _ in range(_TIMES):
        try:
            await inquirer.fails_with(question, Reason.HUB_ANSWER_INVALID, seconds=_IN_VAIN_S)
        except CaseEnd:
            if question.request_id in told:
                raise
        else:
            return
    raise unknown("the hub was not asked for it again")


async def _first(inquirer: CheckedInquirer, questions: Sequence[node_pb2.Inquiry]) -> None:
    """Ask all of them once, as the hub is now."""
    for part in _parts(questions):
        await asyncio.gather(*(inquirer.ask(each, seconds=_FIRST_S) for each in part))


@SUBJECT.case(
    "among-good-answers",
    "After good answers, and among them, what a hub brings falsely is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def among_good_answers(inquirer: CheckedInquirer) -> None:
    lies = await _every_lie(inquirer)
    false, good = _questions(inquirer, lies), [inquirer.question(person) for person in (SECOND, KNOWN)]
    await _discarded(inquirer, [*false[:4], good[0], *false[4:], good[1]], lies)


@SUBJECT.case(
    "when-fetched",
    "What a hub brings falsely of an inquiry that was pending is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def when_fetched(inquirer: CheckedInquirer) -> None:
    async def pending(inquiry: SignedInquiry) -> ExchangeResponse:
        return inquirer.response_without_box(inquiry, inquiry_pb2.PROVISION_OUTCOME_PENDING)

    lies = _some(await _every_lie(inquirer))
    questions = _questions(inquirer, lies)
    inquirer.hub_does(pending)
    await _first(inquirer, questions)
    await _discarded(inquirer, questions, lies)


@SUBJECT.case(
    "when-asked-again",
    "What a hub brings falsely of an inquiry that failed at first is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def when_asked_again(inquirer: CheckedInquirer) -> None:
    lies = _some(await _every_lie(inquirer))
    questions = _questions(inquirer, lies)
    inquirer.hub_does(inquirer.failing(Reason.PROVIDER_FAILED))
    await _first(inquirer, questions)
    await _discarded(inquirer, questions, lies)
