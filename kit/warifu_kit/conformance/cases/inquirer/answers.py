"""A hub that answers itself, changes, swaps and replays; and what an honest provider may say."""

from __future__ import annotations

import time
from collections.abc import Callable

from warifu.agency import Absence
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason
from warifu_kit.conformance.case import Check, Subject, expect
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.lies import LIES

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "answers", "checks.md")
_AT = "the-inquirer"
_RULE = "provider_signature over the digest of the inquiry that was sent, and this processing number; else HUB_ANSWER_INVALID"
_MEND = "Verify the answer over what was sent, not over what came back, before it is opened; hand nothing over that does not."


def _spoilt(spoil: Callable[[ExchangeResponse], None]) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        inquirer.hub_does(inquirer.spoilt(spoil))
        error = await inquirer.fails_with(inquirer.question(KNOWN), Reason.HUB_ANSWER_INVALID)
        expect(not error.definite, "it says that surely nothing was provided, which nobody knows")

    return check


for _lie in LIES:
    SUBJECT.add(
        _lie.name,
        f"What a hub brings that {_lie.words} is discarded",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_spoilt(_lie.spoil),
    )


def _hub_off(seconds: int) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        def of_its_clock(response: ExchangeResponse) -> None:
            response.permit_time.FromMilliseconds(time.time_ns() // 1_000_000 + seconds * 1000)

        inquirer.hub_does(inquirer.spoilt(of_its_clock))
        await inquirer.record_of(inquirer.question(KNOWN))

    return check


for _name, _words, _seconds in (("hub-ahead", "ahead", 90), ("hub-behind", "behind", -90)):
    SUBJECT.add(
        _name,
        f"What a hub brings whose clock is a minute and a half {_words} is handed over",
        rule="permit_time is the hub's word alone until the log is asked; two minutes of skew are borne",
        at=_AT,
        mend="Do not discard an answer that the provider signed for the hub's clock.",
        check=_hub_off(_seconds),
    )


@SUBJECT.case("replayed", "The answer to an earlier inquiry is discarded", rule=_RULE, at=_AT, mend=_MEND)
async def replayed(inquirer: CheckedInquirer) -> None:
    earlier: list[ExchangeResponse] = []

    async def keeping(inquiry: SignedInquiry) -> ExchangeResponse:
        earlier.append(await inquirer.honest(inquiry))
        return earlier[0]

    inquirer.hub_does(keeping)
    await inquirer.record_of(inquirer.question(KNOWN))
    await inquirer.fails_with(inquirer.question(KNOWN), Reason.HUB_ANSWER_INVALID)


@SUBJECT.case("of-another-person", "The answer about another person is discarded", rule=_RULE, at=_AT, mend=_MEND)
async def of_another_person(inquirer: CheckedInquirer) -> None:
    other = await inquirer.one_brought(SECOND)

    async def swapped(inquiry: SignedInquiry) -> ExchangeResponse:
        return await inquirer.honest(other)

    inquirer.hub_does(swapped)
    await inquirer.fails_with(inquirer.question(KNOWN), Reason.HUB_ANSWER_INVALID)


@SUBJECT.case(
    "box-of-another", "A box of another answer under this one's signature is discarded", rule=_RULE, at=_AT, mend=_MEND
)
async def box_of_another(inquirer: CheckedInquirer) -> None:
    other = await inquirer.honest(await inquirer.one_brought(SECOND))

    def spoil(response: ExchangeResponse) -> None:
        response.answer.sealed_answer = other.answer.sealed_answer

    inquirer.hub_does(inquirer.spoilt(spoil))
    await inquirer.fails_with(inquirer.question(KNOWN), Reason.HUB_ANSWER_INVALID)


def _absent(found: Absence) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        async def act(inquiry: SignedInquiry) -> ExchangeResponse:
            return inquirer.response(inquiry, found)

        inquirer.hub_does(act)
        await inquirer.fails_with(inquirer.question(KNOWN), found.value)

    return check


for _found, _name in ((Absence.NOT_HELD, "not-held"), (Absence.NOT_PUBLISHED, "not-published")):
    SUBJECT.add(
        _name,
        f"That there is no record is told by {_found.value.value}",
        rule="The answer opens, parses, and says a record with a type, or NOT_HELD, or NOT_PUBLISHED",
        at=_AT,
        mend="Tell the business system which of the two it is.",
        check=_absent(_found),
    )


@SUBJECT.case(
    "refused",
    "That a clerk refused is told by RELEASE_REFUSED",
    rule="The outcome is ANSWERED, or PENDING or REFUSED without a sealed answer",
    at=_AT,
    mend="Tell a refusal that the provider signed apart from every other end.",
)
async def refused(inquirer: CheckedInquirer) -> None:
    async def act(inquiry: SignedInquiry) -> ExchangeResponse:
        return inquirer.response_without_box(inquiry, inquiry_pb2.PROVISION_OUTCOME_REFUSED)

    inquirer.hub_does(act)
    await inquirer.fails_with(inquirer.question(KNOWN), Reason.RELEASE_REFUSED)


@SUBJECT.case(
    "pending",
    "That a clerk decides first is a state, and no error",
    rule="PENDING: keep everything, send the same bytes later",
    at="node.md#ask",
    mend="Hand the state over with the processing number, and keep the inquiry open.",
)
async def pending(inquirer: CheckedInquirer) -> None:
    async def act(inquiry: SignedInquiry) -> ExchangeResponse:
        return inquirer.response_without_box(inquiry, inquiry_pb2.PROVISION_OUTCOME_PENDING)

    inquirer.hub_does(act)
    ended = await inquirer.ask(inquirer.question(KNOWN))
    expect(ended.result is not None and ended.result.state == node_pb2.INQUIRY_STATE_PENDING, f"it ended with {ended}")
