"""A hub that is honest first, and lies then: each of its lies again, after good answers and among them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason
from warifu_kit.conformance.case import Case, CaseEnd, Check, Subject
from warifu_kit.conformance.cases.inquirer.again import no_reason_of_a_hub
from warifu_kit.conformance.cases.inquirer.answers import box_of_another, of_another_person, replayed
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.lies import LIES, Lie

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "later", "checks.md")
_AT = "the-inquirer"
_RULE = "Each answer is checked, whatever was good before: of this exchange, of this person, of this hub"
_MEND = (
    "Check every answer in the one place that every answer goes through; keep no note that somebody, or a connection, was"
    " honest before."
)
_SECONDS = 20
_IN_VAIN_S = 2.5  # all at once; a node may send again for as long as it has time

Lies = Mapping[bytes, Lie]
"""What is done to the answers of which inquiries, by request_id."""


async def _honest(inquirer: CheckedInquirer, times: int) -> None:
    """Good answers about those whom the lies are about. Raises: CaseEnd."""
    inquirer.hub_does(inquirer.honest)
    for _ in range(times):
        for person in (KNOWN, SECOND):
            await inquirer.record_of(inquirer.question(person))


def _lying(inquirer: CheckedInquirer, lies: Lies) -> None:
    """Have the hub lie of these inquiries, and be honest of all others."""

    async def act(inquiry: SignedInquiry) -> ExchangeResponse:
        response = await inquirer.honest(inquiry)
        lie = lies.get(inquiry.context[2:18])
        if lie is not None:
            lie.spoil(response)
        return response

    inquirer.hub_does(act)


async def _discarded(inquirer: CheckedInquirer, questions: Sequence[node_pb2.Inquiry], lies: Lies) -> None:
    """Ask all of them at once, and see that what is no lie is handed over, and nothing else. Raises: CaseEnd."""

    async def seen(question: node_pb2.Inquiry) -> None:
        lie = lies.get(question.request_id)
        if lie is None:
            await inquirer.record_of(question)
            return
        try:
            await inquirer.fails_with(question, Reason.HUB_ANSWER_INVALID, seconds=_IN_VAIN_S)
        except CaseEnd as end:
            raise CaseEnd(end.verdict, f"a hub that {lie.words}: {end.words}") from None

    ends = await asyncio.gather(*(seen(each) for each in questions), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end


@SUBJECT.case(
    "among-good-answers",
    "After good answers, and among them, what a hub brings falsely is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def among_good_answers(inquirer: CheckedInquirer) -> None:
    await _honest(inquirer, 2)
    lies = {inquirer.question(KNOWN).request_id: lie for lie in LIES}
    asked = [inquirer.question(KNOWN, request_id=request_id) for request_id in lies]
    good = [inquirer.question(person) for person in (SECOND, KNOWN)]
    _lying(inquirer, lies)
    await _discarded(inquirer, [*asked[:4], good[0], *asked[4:], good[1]], lies)


async def _first(inquirer: CheckedInquirer, lies: Lies) -> list[node_pb2.Inquiry]:
    """Ask once, as the hub is now; what was asked."""
    questions = [inquirer.question(KNOWN, request_id=request_id) for request_id in lies]
    await asyncio.gather(*(inquirer.ask(each, seconds=_IN_VAIN_S) for each in questions))
    return questions


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

    inquirer.hub_does(pending)
    lies = {inquirer.question(KNOWN).request_id: lie for lie in LIES}
    questions = await _first(inquirer, lies)
    _lying(inquirer, lies)
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
    inquirer.hub_does(inquirer.failing(Reason.PROVIDER_FAILED))
    lies = {inquirer.question(KNOWN).request_id: lie for lie in LIES}
    questions = await _first(inquirer, lies)
    _lying(inquirer, lies)
    await _discarded(inquirer, questions, lies)


def _later(lie: Case) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        await _honest(inquirer, 2)
        await lie.check(inquirer)

    return check


for _lie in (replayed, of_another_person, box_of_another, no_reason_of_a_hub):
    SUBJECT.add(
        _lie.case_id.rpartition(".")[2],
        f"Also after good answers: {_lie.title[:1].lower()}{_lie.title[1:]}",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_later(_lie),
        seconds=_SECONDS,
    )
