"""Calls about an inquiry that is under way: each keeps its own deadline, and a poll never waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from warifu.agency import ProvidedRecord
from warifu.errors import Reason, WarifuError
from warifu_services.node.store import ClerkDecision, ExchangeOutcome, PersonFlags

SOON = 0.2


@pytest.fixture
def gate(two: Any) -> asyncio.Event:
    """Whatever is sent to the hub waits for this."""
    opened = asyncio.Event()
    two.hub.before = opened.wait
    return opened


async def outcome(two: Any, asked: Any, wait: float, left: float | None = 30.0) -> ExchangeOutcome:
    fetched = await two.inquirer.fetch(asked.question.request_id, wait, left)
    found: ExchangeOutcome = fetched.kept.record.outcome
    return found


async def settled(two: Any) -> None:
    while attempts := tuple(two.inquirer._under_way.values()):
        await asyncio.gather(*attempts, return_exceptions=True)


async def test_a_second_call_gives_up_by_its_own_deadline_and_the_first_is_answered(
    two: Any, refusal: Any, gate: asyncio.Event
) -> None:
    asked = two.ask("hanako")
    first = asyncio.create_task(two.inquirer.inquire(asked, 30.0))
    await asyncio.sleep(0)
    assert await refusal(two.inquirer.inquire(asked, SOON)) is Reason.HUB_TIMED_OUT
    assert not first.done()
    gate.set()
    assert isinstance((await first).found, ProvidedRecord)
    assert len(two.hub.seen) == 1


async def test_who_joins_an_attempt_that_had_less_time_goes_on_by_itself(two: Any, gate: asyncio.Event) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.HUB_TIMED_OUT)]
    first = asyncio.create_task(two.inquirer.inquire(asked, SOON))
    await asyncio.sleep(0)
    second = asyncio.create_task(two.inquirer.inquire(asked, 30.0))
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(WarifuError, match="HUB_TIMED_OUT"):
        await first
    assert isinstance((await second).found, ProvidedRecord)
    assert len(set(two.hub.seen)) == 1, "the same bytes"


async def test_who_joins_shares_what_the_attempt_learnt(two: Any, refusal: Any, gate: asyncio.Event) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.PROVIDER_UNREACHABLE)]
    calls = [asyncio.create_task(two.inquirer.inquire(asked, 30.0)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    assert [await refusal(call) for call in calls] == [Reason.PROVIDER_UNREACHABLE] * 3
    assert len(two.hub.seen) == 1


async def test_a_submitted_inquiry_is_said_to_be_under_way_at_once_until_it_has_ended(
    two: Any, gate: asyncio.Event
) -> None:
    asked = two.ask("hanako")
    await two.inquirer.submit(asked)
    for _ in range(3):
        assert await outcome(two, asked, 0.0) is ExchangeOutcome.OPEN
    gate.set()
    await settled(two)
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.ANSWERED
    assert len(two.hub.seen) == 1


async def test_who_asks_to_wait_waits_for_the_end_and_not_past_its_own_deadline(two: Any, gate: asyncio.Event) -> None:
    asked = two.ask("hanako")
    await two.inquirer.submit(asked)
    assert await outcome(two, asked, SOON) is ExchangeOutcome.OPEN
    assert await outcome(two, asked, 30.0, left=SOON) is ExchangeOutcome.OPEN
    waiting = asyncio.create_task(outcome(two, asked, 30.0))
    await asyncio.sleep(0)
    gate.set()
    assert await waiting is ExchangeOutcome.ANSWERED


async def test_a_poll_tells_why_the_last_attempt_failed_and_begins_another(two: Any, refusal: Any) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.PROVIDER_UNREACHABLE)]
    await two.inquirer.submit(asked)
    await asyncio.gather(*two.inquirer._background)
    assert await refusal(two.inquirer.fetch(asked.question.request_id, 0.0, 30.0)) is Reason.PROVIDER_UNREACHABLE
    await settled(two)
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.ANSWERED


async def test_an_inquiry_whose_attempt_ran_out_of_time_is_still_open_and_a_poll_sends_it_again(
    two: Any, refusal: Any
) -> None:
    asked = two.ask("hanako")
    two.hub.failures = [WarifuError(Reason.HUB_TIMED_OUT)]
    assert await refusal(two.inquirer.inquire(asked, 30.0)) is Reason.HUB_TIMED_OUT
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.OPEN
    await settled(two)
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.ANSWERED


async def test_polls_of_a_pending_answer_find_it_once_a_clerk_released_it(two: Any) -> None:
    await two.tax.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = two.ask("hanako")
    number = (await two.inquirer.inquire(asked, 10.0)).kept.record.processing_number
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.PENDING
    await settled(two)
    await two.provider.decide(number, ClerkDecision.RELEASE)
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.PENDING, "what the last attempt found"
    await settled(two)
    assert await outcome(two, asked, 0.0) is ExchangeOutcome.ANSWERED
