"""What the mediator does at its limits: too many at once, numbers that are taken, answers no longer kept."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry
from warifu_hub import room as room_module
from warifu_hub.exchange import Mediator
from warifu_hub.store import HubStore


async def refusal(mediator: Mediator, asker: Any, inquiry: Any) -> WarifuError:
    with pytest.raises(WarifuError) as refused:
        await mediator.exchange(asker.identity, inquiry, 5.0)
    return refused.value


async def test_above_the_limit_callers_are_told_to_come_back_and_those_under_way_are_answered(
    mediator: Mediator, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "MOST_UNDER_WAY", 3)
    go_on, provide = asyncio.Event(), provider.provide

    async def held(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        await go_on.wait()
        answer: SignedAnswer = await provide(entry, permit, timeout)
        return answer

    monkeypatch.setattr(provider, "provide", held)
    under_way = [asyncio.ensure_future(mediator.exchange(asker.identity, asker.ask(), 5.0)) for _ in range(3)]
    await asyncio.sleep(0)
    refused = await refusal(mediator, asker, asker.ask())
    assert (refused.reason, refused.definite) == (Reason.OVERLOADED, True)
    go_on.set()
    assert len(await asyncio.gather(*under_way)) == 3
    await mediator.exchange(asker.identity, asker.ask(), 5.0)
    assert len(log()) == 8, "who was turned away left no trace, for nothing was begun"


async def test_whoever_finds_no_room_is_told_so_before_anything_is_verified_and_what_is_known_is_given_all_the_same(
    mediator: Mediator, asker: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = asker.ask()
    first = await mediator.exchange(asker.identity, known, 5.0)
    monkeypatch.setattr(room_module, "MOST_UNDER_WAY", 0)
    for costly in ("check_inquiry", "check_made_by_inquirer", "check_shape"):
        monkeypatch.setattr(f"warifu_hub.exchange.{costly}", lambda *_: pytest.fail("it was looked at"))
    for side in ("", "inquirer"):
        refused = await refusal(mediator, asker, asker.ask())
        assert (refused.reason, refused.where, refused.definite) == (Reason.OVERLOADED, side, True)
        assert refused.retry_after_s is not None
        monkeypatch.setattr(room_module, "MOST_OF_ONE", 0)
    assert (await mediator.exchange(asker.identity, known, 5.0)).answer == first.answer
    assert len(log()) == 2


async def test_a_processing_number_that_is_taken_is_drawn_again(mediator: Mediator, asker: Any, log: Any) -> None:
    drawn = itertools.chain([bytes(16), bytes(16), bytes(16)], itertools.repeat(b"\x01" * 16))
    mediator._random_bytes = lambda _: next(drawn)
    first = await mediator.exchange(asker.identity, asker.ask(), 5.0)
    second = await mediator.exchange(asker.identity, asker.ask(), 5.0)
    assert first.stored.processing_number == "20260601" + "0" * 12
    assert second.stored.processing_number != first.stored.processing_number
    assert len(log()) == 4


async def test_a_processing_number_says_the_day_and_nothing_else(
    mediator: Mediator, asker: Any, clock: ManualClock
) -> None:
    code, numbers = asker.code(), set()
    for _ in range(20):
        mediated = await mediator.exchange(asker.identity, asker.ask(code=code), 5.0)
        numbers.add(mediated.stored.processing_number)
        assert mediated.stored.processing_number.startswith("20260601")
        assert len(mediated.stored.processing_number) == 20
    assert len(numbers) == 20, "one person's exchanges have nothing in common"
    clock.advance(timedelta(days=1))
    assert (await mediator.exchange(asker.identity, asker.ask(), 5.0)).stored.processing_number.startswith("20260602")


async def test_an_answer_that_is_no_longer_kept_is_not_asked_for_a_second_time(
    mediator: Mediator, asker: Any, provider: Any, store: HubStore, clock: ManualClock
) -> None:
    inquiry = asker.ask()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    clock.advance(timedelta(days=2))
    assert await store.forget_answers(clock.unix_ms()) == 1
    assert (await refusal(mediator, asker, inquiry)).reason is Reason.ASKED_BEFORE
    assert len(provider.permits) == 1


async def test_a_permitted_exchange_whose_end_is_open_may_be_asked_again_long_after_its_inquiry_expired(
    mediator: Mediator, asker: Any, provider: Any, clock: ManualClock, log: Any
) -> None:
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_PENDING
    inquiry = asker.ask()
    first = await mediator.exchange(asker.identity, inquiry, 5.0)
    clock.advance(timedelta(days=3))
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    later = await mediator.exchange(asker.identity, inquiry, 5.0)
    assert later.stored.processing_number == first.stored.processing_number
    assert later.answer.outcome == inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    fresh = asker.ask()
    clock.advance(timedelta(days=3))
    assert (await refusal(mediator, asker, fresh)).reason is Reason.CLOCK_SKEWED


async def test_who_joins_an_exchange_gives_up_by_its_own_deadline_and_the_exchange_goes_on(
    mediator: Mediator, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on, provide = asyncio.Event(), asyncio.Event(), provider.provide

    async def held(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        asked.set()
        await go_on.wait()
        answer: SignedAnswer = await provide(entry, permit, timeout)
        return answer

    monkeypatch.setattr(provider, "provide", held)
    inquiry = asker.ask()
    first = asyncio.create_task(mediator.exchange(asker.identity, inquiry, 30.0))
    await asked.wait()
    refused = await asker.refusal(mediator, inquiry, 0.3)
    assert (refused.reason, refused.definite) == (Reason.HUB_TIMED_OUT, False)
    assert log.events() == ["PERMITTED"], "giving up is no event of the exchange"
    go_on.set()
    assert (await first).answer == (await mediator.exchange(asker.identity, inquiry, 5.0)).answer
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_an_exchange_that_takes_too_long_at_the_hub_ends_for_its_caller_by_the_deadline_with_a_reason(
    mediator: Mediator, asker: Any, store: HubStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, open_exchange = asyncio.Event(), store.open_exchange

    async def slow(*exchange: Any) -> int | None:
        await go_on.wait()
        return await open_exchange(*exchange)

    monkeypatch.setattr(store, "open_exchange", slow)
    inquiry = asker.ask()
    assert (await asker.refusal(mediator, inquiry, 0.3)).reason is Reason.HUB_TIMED_OUT
    go_on.set()
    assert (await mediator.exchange(asker.identity, inquiry, 5.0)).answer.provider_signature
