"""What was permitted once, and is sent again: it ends as what it was, and nothing definite is said that is not so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import ItemCode
from warifu_hub import exchange as exchange_module
from warifu_hub import room as room_module
from warifu_hub.exchange import Mediator
from warifu_hub.store import ExchangeState, HubStore

LOCAL_TAX = ItemCode("TM00000000000002")
Provide = Callable[[DirectoryEntry, ProvisionPermit, float], Any]


async def away(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
    """A provider whom nobody reaches."""
    raise WarifuError(Reason.PROVIDER_UNREACHABLE, where="provider: nobody listens there")


@pytest.fixture
def killed(mediator: Mediator, asker: Any, store: HubStore, log: Any) -> Callable[[Any], Any]:
    """Have the hub die after the provider answered and before that is in the log; its store is as at the permit."""

    async def die(inquiry: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:

            async def stop(*_: object, **__: object) -> int:
                raise WarifuError(Reason.LOG_UNAVAILABLE)

            patch.setattr(store, "close_exchange", stop)
            await asker.refusal(mediator, inquiry)
        assert log.events()[-1] == "PERMITTED"

    return die


async def test_that_a_provider_is_away_now_says_nothing_of_what_it_provided_before(
    mediator: Mediator, asker: Any, provider: Any, log: Any, killed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry = asker.ask()
    await killed(inquiry)
    assert len(provider.permits) == 1
    monkeypatch.setattr(provider, "provide", away)
    for _ in range(2):
        error = await asker.refusal(mediator, inquiry)
        assert (error.reason, error.definite) == (Reason.ASKED_BEFORE, False)
        assert error.where == "PROVIDER_UNREACHABLE provider: nobody listens there"
        assert (log.events()[-1], log()[-1].reason) == ("FAILED", "ASKED_BEFORE")
    monkeypatch.undo()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events()[-1] == "ANSWERED"


async def test_a_provider_that_was_away_each_time_was_surely_never_asked(
    mediator: Mediator, asker: Any, provider: Any, store: HubStore, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry = asker.ask()
    monkeypatch.setattr(provider, "provide", away)
    for _ in range(3):
        error = await asker.refusal(mediator, inquiry)
        assert (error.reason, error.definite) == (Reason.PROVIDER_UNREACHABLE, True)
    assert log.events() == ["PERMITTED", "FAILED", "FAILED", "FAILED"]
    monkeypatch.undo()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events()[-1] == "ANSWERED"


async def test_once_a_provider_may_be_asked_that_is_on_disk(
    mediator: Mediator, asker: Any, provider: Any, store: HubStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a hub that dies while it asks for the second time does not take the first time's word."""
    inquiry = asker.ask()
    monkeypatch.setattr(provider, "provide", away)
    await asker.refusal(mediator, inquiry)
    states = [(await store.find_exchange(asker.own.institution, inquiry.context[2:18])).state]  # type: ignore[union-attr]
    monkeypatch.undo()
    provide: Provide = provider.provide

    async def looking(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        states.append((await store.find_exchange(asker.own.institution, inquiry.context[2:18])).state)  # type: ignore[union-attr]
        answer: SignedAnswer = await provide(entry, permit, timeout)
        return answer

    monkeypatch.setattr(provider, "provide", looking)
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert states == [ExchangeState.UNASKED, ExchangeState.OPEN]


async def test_a_pending_answer_may_have_been_released_when_its_provider_is_away(
    mediator: Mediator, asker: Any, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry = asker.ask()
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_PENDING
    await mediator.exchange(asker.identity, inquiry, 5.0)
    monkeypatch.setattr(provider, "provide", away)
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.ASKED_BEFORE


@pytest.fixture
def withdrawn(store: HubStore, provider: Any) -> Callable[[], Any]:
    """Withdraw the assessment of the provider's file."""

    async def withdraw() -> None:
        await store.set_assessment(provider.keys.own.institution, LOCAL_TAX, withdrawn=True, leaf=b"")

    return withdraw


@pytest.mark.parametrize("outcome", ["ANSWERED", "REFUSED", "PENDING"])
async def test_an_assessment_withdrawn_meanwhile_takes_no_answer_back(
    mediator: Mediator, asker: Any, provider: Any, withdrawn: Any, outcome: str
) -> None:
    inquiry = asker.ask()
    provider.outcome = inquiry_pb2.ProvisionOutcome.Value(f"PROVISION_OUTCOME_{outcome}")
    first = await mediator.exchange(asker.identity, inquiry, 5.0)
    await withdrawn()
    assert (await asker.refusal(mediator, asker.ask())).reason is Reason.ASSESSMENT_NOT_IN_FORCE
    again = await mediator.exchange(asker.identity, inquiry, 5.0)
    assert (again.stored.state, again.answer.outcome) == (first.stored.state, first.answer.outcome)


async def test_an_exchange_that_a_dead_hub_left_open_goes_on_by_the_permission_it_had(
    mediator: Mediator, asker: Any, provider: Any, log: Any, killed: Any, withdrawn: Any
) -> None:
    inquiry = asker.ask()
    await killed(inquiry)
    await withdrawn()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events()[-1] == "ANSWERED"
    assert {permit.permission_row for permit in provider.permits} == {"R01"}


async def test_an_assessment_withdrawn_while_an_exchange_is_under_way_refuses_nobody_who_shares_it(
    mediator: Mediator, asker: Any, provider: Any, withdrawn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry, provide, asked, go_on = asker.ask(), provider.provide, asyncio.Event(), asyncio.Event()

    async def slow(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        asked.set()
        await go_on.wait()
        answer: SignedAnswer = await provide(entry, permit, timeout)
        return answer

    monkeypatch.setattr(provider, "provide", slow)
    first = asyncio.create_task(mediator.exchange(asker.identity, inquiry, 5.0))
    await asked.wait()
    await withdrawn()
    second = asyncio.create_task(mediator.exchange(asker.identity, inquiry, 5.0))
    await asyncio.sleep(0)
    go_on.set()
    assert (await second).answer == (await first).answer


async def test_too_short_a_deadline_and_a_busy_hub_say_nothing_of_the_time_before(
    mediator: Mediator, asker: Any, log: Any, killed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry = asker.ask()
    await killed(inquiry)
    before = log.events()
    error = await asker.refusal(mediator, inquiry, left=0.1)
    assert (error.reason, error.definite) == (Reason.HUB_TIMED_OUT, False)
    monkeypatch.setattr(room_module, "MOST_UNDER_WAY", 0)
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.HUB_TIMED_OUT
    assert (await asker.refusal(mediator, asker.ask())).reason is Reason.OVERLOADED
    assert log.events() == before, "the exchange is as open as it was"


async def test_an_answer_is_given_again_however_short_the_deadline(mediator: Mediator, asker: Any) -> None:
    inquiry = asker.ask()
    first = await mediator.exchange(asker.identity, inquiry, 5.0)
    assert (await mediator.exchange(asker.identity, inquiry, 0.1)).answer == first.answer


async def test_an_exchange_whose_keys_are_gone_ends_as_one_that_may_have_been_answered(
    mediator: Mediator, asker: Any, log: Any, killed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inquiry = asker.ask()
    await killed(inquiry)

    def gone(*_: object) -> Any:
        raise WarifuError(Reason.EPOCH_STALE, where="inquiry.context.epoch_to")

    monkeypatch.setattr(exchange_module, "find_keys", gone)
    error = await asker.refusal(mediator, inquiry)
    assert (error.reason, error.where) == (Reason.ASKED_BEFORE, "EPOCH_STALE inquiry.context.epoch_to")
    assert (log.events()[-1], log()[-1].reason) == ("FAILED", "ASKED_BEFORE")
    assert log()[-1].processing_number == log()[0].processing_number


async def test_an_answer_that_is_no_longer_kept_was_given_all_the_same(
    mediator: Mediator, asker: Any, store: HubStore, clock: ManualClock, log: Any
) -> None:
    inquiry = asker.ask()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    clock.advance(timedelta(hours=25))
    await store.forget_answers(clock.unix_ms())
    error = await asker.refusal(mediator, inquiry)
    assert (error.reason, error.definite) == (Reason.ASKED_BEFORE, False)
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_a_fault_inside_the_hub_stays_what_it_is(
    mediator: Mediator, asker: Any, provider: Any, log: Any, killed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        raise ValueError

    inquiry = asker.ask()
    await killed(inquiry)
    monkeypatch.setattr(provider, "provide", fail)
    with pytest.raises(ValueError):  # noqa: PT011  # the edge tells it by its type
        await mediator.exchange(asker.identity, inquiry, 5.0)
    assert (log.events()[-1], log()[-1].reason) == ("FAILED", "INTERNAL")
