"""Asking again: the same request_id with the same bytes is the same exchange, however often."""

from __future__ import annotations

from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason
from warifu_kit.conformance.case import Check, Subject, expect
from warifu_kit.conformance.cast import KNOWN, SECOND
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "again", "transport.md")
_AT = "sending-again"
_RULE = "Build an inquiry once, store it with its answer key, then send; after anything that is not definite send the same bytes again"
_MEND = "Store the signed inquiry and its answer key before it is sent, and send those bytes again."
_NOT_KNOWN = (Reason.HUB_TIMED_OUT, Reason.NODE_TIMED_OUT, Reason.HUB_UNREACHABLE, Reason.ASKED_BEFORE)


def _all_the_same(inquirer: CheckedInquirer) -> None:
    different = {each.SerializeToString() for each in inquirer.brought}
    expect(len(different) == 1, f"{len(different)} different inquiries came under one request_id")


@SUBJECT.case(
    "ended",
    "What has ended is told again, and no other inquiry is made of it",
    rule="The same request_id is the same inquiry",
    at=_AT,
    mend="Look the request_id up before an inquiry is built.",
)
async def ended(inquirer: CheckedInquirer) -> None:
    question = inquirer.question(KNOWN)
    first, second = await inquirer.record_of(question), await inquirer.record_of(question)
    expect(first == second, "the second result is another one")
    _all_the_same(inquirer)


@SUBJECT.case(
    "other-content",
    "Another question under a request_id that was used is refused, and nothing is sent",
    rule="Never build it anew under the same request_id (REQUEST_REUSED)",
    at=_AT,
    mend="Compare what is asked with what was asked under this request_id.",
)
async def other_content(inquirer: CheckedInquirer) -> None:
    question = inquirer.question(KNOWN)
    await inquirer.record_of(question)
    other = inquirer.question(SECOND, request_id=question.request_id)
    await inquirer.fails_with(other, Reason.REQUEST_REUSED)
    expect(len(inquirer.brought) == 1, "an inquiry came to the hub for it")


def _after(reason: Reason) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        question = inquirer.question(KNOWN)
        inquirer.hub_does(inquirer.failing(reason))
        error = await inquirer.fails_with(question, reason, *_NOT_KNOWN)
        expect(not error.definite, "it says that surely nothing was provided, which nobody knows")
        inquirer.hub_does(inquirer.honest)
        await inquirer.record_of(question)
        _all_the_same(inquirer)

    return check


for _reason in (Reason.INTERNAL, Reason.PROVIDER_TIMED_OUT, Reason.PROVIDER_FAILED, Reason.LOG_UNAVAILABLE):
    SUBJECT.add(
        f"after-{_reason.value.lower().replace('_', '-')}",
        f"After {_reason.value} the same bytes are sent again",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_after(_reason),
    )


@SUBJECT.case(
    "after-silence",
    "After a hub that said nothing the same bytes are sent again",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
    seconds=14,
)
async def after_silence(inquirer: CheckedInquirer) -> None:
    question = inquirer.question(KNOWN)
    inquirer.hub_does(inquirer.silent)
    error = await inquirer.fails_with(question, *_NOT_KNOWN, seconds=1.0)
    expect(not error.definite, "it says that surely nothing was provided, which nobody knows")
    inquirer.hub_does(inquirer.honest)
    await inquirer.record_of(question)
    _all_the_same(inquirer)


@SUBJECT.case(
    "after-a-lie",
    "After an answer that was discarded the same bytes are sent again, or nothing",
    rule=_RULE,
    at=_AT,
    mend=_MEND,
)
async def after_a_lie(inquirer: CheckedInquirer) -> None:
    def spoil(response: ExchangeResponse) -> None:
        response.answer.provider_signature = bytes(64)

    question = inquirer.question(KNOWN)
    inquirer.hub_does(inquirer.spoilt(spoil))
    await inquirer.fails_with(question, Reason.HUB_ANSWER_INVALID)
    inquirer.hub_does(inquirer.honest)
    await inquirer.ask(question, seconds=1.5)
    _all_the_same(inquirer)


@SUBJECT.case("after-pending", "What was pending is fetched with the same bytes", rule=_RULE, at=_AT, mend=_MEND)
async def after_pending(inquirer: CheckedInquirer) -> None:
    async def act(inquiry: SignedInquiry) -> ExchangeResponse:
        return inquirer.response_without_box(inquiry, inquiry_pb2.PROVISION_OUTCOME_PENDING)

    question = inquirer.question(KNOWN)
    inquirer.hub_does(act)
    await inquirer.ask(question, seconds=1.5)
    inquirer.hub_does(inquirer.honest)
    await inquirer.record_of(question)
    _all_the_same(inquirer)


def _refusal(reason: Reason) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        question = inquirer.question(KNOWN)
        inquirer.hub_does(inquirer.failing(reason))
        error = await inquirer.fails_with(question, reason)
        expect(error.definite, "it does not say that surely nothing was provided")
        _all_the_same(inquirer)

    return check


for _reason in (Reason.EXCHANGE_NOT_PERMITTED, Reason.ASSESSMENT_NOT_IN_FORCE, Reason.PROVIDER_UNREACHABLE):
    SUBJECT.add(
        f"refused-{_reason.value.lower().replace('_', '-')}",
        f"A hub's {_reason.value} is told as it is, and definite",
        rule="A refusal, definite: the inquiry has ended; a new one needs a new request_id",
        at=_AT,
        mend="Hand the hub's reason over, with what it says of definite.",
        check=_refusal(_reason),
    )


@SUBJECT.case(
    "no-reason-of-a-hub",
    "A reason that no hub says of an inquiry is not believed",
    rule="Of an error: one that no hub says of an inquiry is HUB_ANSWER_INVALID",
    at="checks.md#the-inquirer",
    mend="Believe of a hub only the reasons that are listed at HubService.Exchange.",
)
async def no_reason_of_a_hub(inquirer: CheckedInquirer) -> None:
    inquirer.hub_does(inquirer.failing(Reason.RECORD_NOT_HELD))
    error = await inquirer.fails_with(inquirer.question(KNOWN), Reason.HUB_ANSWER_INVALID)
    expect(not error.definite, "it says that surely nothing was provided")


@SUBJECT.case(
    "unknown-person",
    "Nothing is sent about somebody whose code was not acquired",
    rule="C1, C2 of the person's code: without one there is no inquiry",
    at="node.md#ask",
    mend="Refuse with CODE_NOT_ACQUIRED before anything is built.",
)
async def unknown_person(inquirer: CheckedInquirer) -> None:
    await inquirer.fails_with(inquirer.question(KNOWN, local_number="NOBODY-0"), Reason.CODE_NOT_ACQUIRED)
    expect(not inquirer.brought, "an inquiry came to the hub")


@SUBJECT.case(
    "unknown-provider",
    "Nothing is sent to an institution that there is not",
    rule="epoch_to and key_id_to of the provider's entry: without one there is no inquiry",
    at="node.md#ask",
    mend="Refuse with INSTITUTION_UNKNOWN before anything is built.",
)
async def unknown_provider(inquirer: CheckedInquirer) -> None:
    other = str(inquirer.hands.provider.institution)
    nobody = other[:-4] + f"{(int(other[-4:]) + 7) % 10_000:04d}"
    question = inquirer.question(KNOWN, provider=nobody)
    await inquirer.fails_with(question, Reason.INSTITUTION_UNKNOWN, Reason.REQUEST_MALFORMED)
    expect(not inquirer.brought, "an inquiry came to the hub")
