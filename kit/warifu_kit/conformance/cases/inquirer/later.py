"""A hub that is honest first, and lies then: each of its lies again, after good answers and between them."""

from __future__ import annotations

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason
from warifu_kit.conformance.case import Case, Check, Subject
from warifu_kit.conformance.cases.inquirer.again import no_reason_of_a_hub
from warifu_kit.conformance.cases.inquirer.answers import DISHONEST
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
_SECONDS = 25


async def _honest(inquirer: CheckedInquirer, times: int) -> None:
    """Good answers about those whom the lies are about. Raises: CaseEnd."""
    inquirer.hub_does(inquirer.honest)
    for _ in range(times):
        for person in (KNOWN, SECOND):
            await inquirer.record_of(inquirer.question(person))


def _later(lie: Case) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        for times in (2, 1, 0):  # so that whoever looks at every second answer only is found as well
            await _honest(inquirer, times)
            await lie.check(inquirer)

    return check


for _lie in (*DISHONEST, no_reason_of_a_hub):
    SUBJECT.add(
        _lie.case_id.rpartition(".")[2],
        f"Also after good answers: {_lie.title[:1].lower()}{_lie.title[1:]}",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_later(_lie),
        seconds=_SECONDS,
    )


async def _pending(inquirer: CheckedInquirer, inquiry: SignedInquiry) -> ExchangeResponse:
    return inquirer.response_without_box(inquiry, inquiry_pb2.PROVISION_OUTCOME_PENDING)


@SUBJECT.case(
    "when-fetched",
    "What a hub brings falsely of an inquiry that was pending is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def when_fetched(inquirer: CheckedInquirer) -> None:
    for lie in LIES:
        inquirer.evidence.noted(f"pending at first; then the hub {lie.words}:")
        question = inquirer.question(KNOWN)
        inquirer.hub_does(lambda inquiry: _pending(inquirer, inquiry))
        await inquirer.ask(question)
        inquirer.hub_does(inquirer.spoilt(lie.spoil))
        await inquirer.fails_with(question, Reason.HUB_ANSWER_INVALID)


@SUBJECT.case(
    "when-asked-again",
    "What a hub brings falsely of an inquiry that failed at first is discarded",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=_SECONDS,
)
async def when_asked_again(inquirer: CheckedInquirer) -> None:
    for lie in LIES:
        inquirer.evidence.noted(f"it fails at first; then the hub {lie.words}:")
        question = inquirer.question(KNOWN)
        inquirer.hub_does(inquirer.failing(Reason.PROVIDER_FAILED))
        await inquirer.ask(question, seconds=1.0)
        inquirer.hub_does(inquirer.spoilt(lie.spoil))
        await inquirer.fails_with(question, Reason.HUB_ANSWER_INVALID)
