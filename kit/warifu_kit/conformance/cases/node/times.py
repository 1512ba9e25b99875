"""Permits that are old, of the future, or live too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason
from warifu.exchange.context import ExchangeContext
from warifu_kit.conformance.case import Check, Subject, expect
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "times", "checks.md")
_AT = "the-provider"
_MINUTE = 60_000
_RULE = (
    "Not known: issued not over 2 minutes in the future, not expired over 2 minutes ago, life above 0 and 10 minutes at"
    " most; permit_time from 2 minutes before issued_ms to 2 minutes after now or expires_ms, whichever is earlier"
)
_MEND = "Compare all four times with the clock, each with two minutes of slack and no more."


def _shifted(issued: int, expires: int) -> Callable[[ExchangeContext], ExchangeContext]:
    """By so many minutes."""
    return lambda context: replace(
        context, issued_ms=context.issued_ms + issued * _MINUTE, expires_ms=context.expires_ms + expires * _MINUTE
    )


def _context(change: Callable[[ExchangeContext], ExchangeContext]) -> Check:
    async def check(node: CheckedNode) -> None:
        asked = node.hands.asked_in(node.code(KNOWN), change(node.hands.context()))
        await node.refused(node.hands.permit(asked), Reason.CLOCK_SKEWED)

    return check


for _name, _words, _shift in (
    ("expired", "that ended ten minutes ago", _shifted(-20, -20)),
    ("expired-just-now", "that ended four minutes ago", _shifted(-14, -14)),
    ("of-the-future", "that begins in ten minutes", _shifted(10, 10)),
    ("lives-too-long", "that lives eleven minutes", _shifted(0, 1)),
    ("lives-a-day", "that lives a day", _shifted(0, 1440)),
    ("ends-before-it-begins", "that ends before it begins", _shifted(0, -11)),
):
    SUBJECT.add(
        _name,
        f"An inquiry {_words} is refused",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_context(_shift),
    )


def _permit_time(minutes: int) -> Check:
    async def check(node: CheckedNode) -> None:
        def shift(permit: ProvisionPermit) -> None:
            permit.permit_time.seconds += minutes * 60

        asked = node.hands.asked(node.code(KNOWN))  # of this minute, however awkward others are
        await node.refused(node.hands.spoilt(asked, shift), Reason.CLOCK_SKEWED)

    return check


for _name, _words, _minutes in (
    ("permitted-before-asked", "five minutes before it was asked", -5),
    ("permitted-in-the-future", "in five minutes", 5),
):
    SUBJECT.add(
        _name,
        f"What was permitted {_words} is refused",
        rule=_RULE,
        at=_AT,
        mend=_MEND,
        check=_permit_time(_minutes),
    )


def _hub_off(seconds: int) -> Check:
    async def check(node: CheckedNode) -> None:
        asked = node.hands.asked(node.code(KNOWN))

        def of_its_clock(permit: ProvisionPermit) -> None:
            permit.permit_time.FromMilliseconds(node.about.clock.unix_ms() + seconds * 1000)

        permit = node.hands.spoilt(asked, of_its_clock)
        node.opened(permit, asked, await node.answer(permit))

    return check


for _name, _words, _seconds in (("hub-ahead", "ahead", 90), ("hub-behind", "behind", -90)):
    SUBJECT.add(
        _name,
        f"A hub whose clock is a minute and a half {_words} is borne",
        rule=_RULE,
        at=_AT,
        mend="Allow two minutes on either side of permit_time.",
        check=_hub_off(_seconds),
    )


@SUBJECT.case(
    "time-that-is-none",
    "A permit time that is none is refused",
    rule="permit_time is a time",
    at=_AT,
    mend="Refuse seconds and nanos outside of protobuf's range with REQUEST_MALFORMED.",
)
async def time_that_is_none(node: CheckedNode) -> None:
    def spoil(permit: ProvisionPermit) -> None:
        permit.permit_time.nanos = -1

    await node.refused(node.hands.spoilt(node.asked(KNOWN), spoil), Reason.REQUEST_MALFORMED)


@SUBJECT.case(
    "a-little-off",
    "A clock that is a minute off is borne",
    rule="Issued not over 2 minutes in the future",
    at=_AT,
    mend="Allow two minutes on either side.",
)
async def a_little_off(node: CheckedNode) -> None:
    for minutes in (-10, 1):
        context = _shifted(minutes, minutes)(node.hands.context())
        asked = node.hands.asked_in(node.code(KNOWN), context)

        def of_now(permit: ProvisionPermit, minutes: int = minutes) -> None:
            permit.permit_time.seconds -= minutes * 60 if minutes > 0 else -9 * 60

        permit = node.hands.spoilt(asked, of_now)
        answer = await node.answer(permit)
        expect(answer.sealed_answer, "there is no answer")
