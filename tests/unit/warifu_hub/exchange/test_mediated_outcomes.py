"""The mediator over time: retries, pending answers, providers that fail, and a log that cannot be written."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry
from warifu_hub.exchange import Mediator
from warifu_hub.store import HubStore


async def test_the_same_bytes_get_the_same_answer_and_ask_the_provider_once(
    mediator: Mediator, asker: Any, provider: Any, clock: ManualClock, log: Any
) -> None:
    inquiry = asker.ask()
    first = await mediator.exchange(asker.identity, inquiry, 5.0)
    clock.advance(timedelta(hours=2))
    again = await mediator.exchange(asker.identity, inquiry, 5.0)
    assert again.answer == first.answer
    assert again.stored.processing_number == first.stored.processing_number
    assert len(provider.permits) == 1
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_the_same_bytes_at_the_same_time_share_one_exchange(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    inquiry = asker.ask()
    mediated = await asyncio.gather(*(mediator.exchange(asker.identity, inquiry, 5.0) for _ in range(8)))
    assert len({each.stored.processing_number for each in mediated}) == 1
    assert len(provider.permits) == 1
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_the_same_request_id_with_other_bytes_is_refused(mediator: Mediator, asker: Any) -> None:
    request_id = secrets.token_bytes(16)
    await mediator.exchange(asker.identity, asker.ask(request_id=request_id), 5.0)
    assert (await asker.refusal(mediator, asker.ask(request_id=request_id))).reason is Reason.REQUEST_REUSED


async def test_other_bytes_are_refused_even_while_the_first_are_under_way(mediator: Mediator, asker: Any) -> None:
    request_id = secrets.token_bytes(16)
    calls = [mediator.exchange(asker.identity, asker.ask(request_id=request_id), 5.0) for _ in range(4)]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    failures = [end.reason for end in ended if isinstance(end, WarifuError)]
    assert failures == [Reason.REQUEST_REUSED] * 3


async def test_pending_stays_pending_until_the_provider_answers(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    inquiry = asker.ask()
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_PENDING
    first = await mediator.exchange(asker.identity, inquiry, 5.0)
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events() == ["PERMITTED", "PENDING"], "a poll that finds nothing new is no event"
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    answered = await mediator.exchange(asker.identity, inquiry, 5.0)
    assert answered.stored.processing_number == first.stored.processing_number
    assert log.events() == ["PERMITTED", "PENDING", "ANSWERED"]
    for permit in provider.permits:
        permit.ClearField("conversion_proof")  # and with it the signature: new each time, whatever it is about
        permit.ClearField("hub_signature")
    assert provider.permits[0] == provider.permits[-1], "the same request gives the identical permit"


async def test_a_clerks_refusal_is_logged_as_one(mediator: Mediator, asker: Any, provider: Any, log: Any) -> None:
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_REFUSED
    await mediator.exchange(asker.identity, asker.ask(), 5.0)
    assert (log.events()[-1], log()[-1].reason) == ("REFUSED", "RELEASE_REFUSED")


def _other_exchange(answer: SignedAnswer) -> None:
    answer.provider_signature = bytes(64)


def _no_outcome(answer: SignedAnswer) -> None:
    answer.outcome = inquiry_pb2.PROVISION_OUTCOME_UNSPECIFIED


def _odd_size(answer: SignedAnswer) -> None:
    answer.sealed_answer += b"garbage"


def _nothing_sealed(answer: SignedAnswer) -> None:
    answer.sealed_answer = b""


@pytest.mark.parametrize("spoil", [_other_exchange, _no_outcome, _odd_size, _nothing_sealed])
async def test_an_answer_that_is_not_the_providers_to_this_exchange_is_withheld(
    mediator: Mediator, asker: Any, provider: Any, log: Any, spoil: Callable[[SignedAnswer], None]
) -> None:
    provider.before_answer = spoil
    inquiry = asker.ask()
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.PROVIDER_ANSWER_INVALID
    assert log.events() == ["PERMITTED", "FAILED"]
    provider.before_answer = lambda _: None
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events() == ["PERMITTED", "FAILED", "ANSWERED"], "the same request may be tried again"


async def test_a_provider_that_cannot_be_reached_leaves_a_failure_in_the_log(
    mediator: Mediator, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        raise WarifuError(Reason.PROVIDER_UNREACHABLE)

    monkeypatch.setattr(provider, "provide", unreachable)
    assert (await asker.refusal(mediator, asker.ask())).reason is Reason.PROVIDER_UNREACHABLE
    assert (log.events()[-1], log()[-1].reason) == ("FAILED", "PROVIDER_UNREACHABLE")


async def test_an_exchange_goes_on_to_its_end_when_its_caller_has_gone(
    mediator: Mediator, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()
    provide = provider.provide

    async def slow(entry: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        asked.set()
        await go_on.wait()
        answer: SignedAnswer = await provide(entry, permit, timeout)
        return answer

    monkeypatch.setattr(provider, "provide", slow)
    inquiry = asker.ask()
    call = asyncio.create_task(mediator.exchange(asker.identity, inquiry, 5.0))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    go_on.set()
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events() == ["PERMITTED", "ANSWERED"]


@pytest.mark.parametrize("method", ["open_exchange", "close_exchange", "append_leaf"])
async def test_what_cannot_be_logged_is_not_answered(
    mediator: Mediator, asker: Any, store: HubStore, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def refuse(*_: object, **__: object) -> int:
        raise WarifuError(Reason.LOG_UNAVAILABLE)

    monkeypatch.setattr(store, method, refuse)
    inquiry = asker.ask()
    if method == "append_leaf":
        inquiry.ClearField("inquirer_signature")  # a refusal has to be logged too
    assert (await asker.refusal(mediator, inquiry)).reason is Reason.LOG_UNAVAILABLE


async def test_nothing_is_asked_of_a_provider_when_the_permit_cannot_be_logged(
    mediator: Mediator, asker: Any, provider: Any, store: HubStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> int:
        raise WarifuError(Reason.LOG_UNAVAILABLE)

    monkeypatch.setattr(store, "open_exchange", refuse)
    await asker.refusal(mediator, asker.ask())
    assert provider.permits == []


async def test_an_answer_withheld_by_a_full_disk_is_given_when_asked_again(
    mediator: Mediator, asker: Any, store: HubStore, log: Any
) -> None:
    inquiry = asker.ask()
    with pytest.MonkeyPatch.context() as patch:

        async def refuse(*_: object, **__: object) -> int:
            raise WarifuError(Reason.LOG_UNAVAILABLE)

        patch.setattr(store, "close_exchange", refuse)
        await asker.refusal(mediator, inquiry)
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events() == ["PERMITTED", "ANSWERED"]


@pytest.mark.parametrize("pauses", range(24))
async def test_a_caller_who_goes_at_any_pause_leaves_one_whole_exchange(
    mediator: Mediator, asker: Any, provider: Any, log: Any, pauses: int
) -> None:
    inquiry = asker.ask()
    call = asyncio.ensure_future(mediator.exchange(asker.identity, inquiry, 5.0))
    for _ in range(pauses):
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await mediator.exchange(asker.identity, inquiry, 5.0)
    assert log.events() == ["PERMITTED", "ANSWERED"]
    assert len(provider.permits) == 1
