"""Two workers of one hub, each with its mediator and its end of a real socket: one request_id is one exchange all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.warifu_hub.exchange.conftest import LogView
from tests.unit.warifu_hub.sequenced import Sequenced

from warifu.api.type.v1 import inquiry_pb2
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory
from warifu.party.folder import PartyFolder
from warifu.permissions.table import PermissionTable
from warifu.rpc.token_bucket import Buckets, Rate
from warifu_hub import room as room_module
from warifu_hub.exchange import Mediator
from warifu_hub.mediated import Ended, MediatedExchange
from warifu_hub.own_keys import OwnKeys
from warifu_hub.room import Room
from warifu_hub.workers.link import SequencerLink
from warifu_hub.workers.messages import Kind
from warifu_hub.workers.sequenced_store import SequencedStore

TIMES = range(0, 30, 3)
"""After how many turns of the event loop the second worker is asked: an exchange is anywhere between its beginning and its end."""


@dataclass
class Worker:
    link: SequencerLink
    mediator: Mediator


class TwoWorkers(Sequenced):
    """A hub of two workers."""

    first: Worker
    second: Worker

    def __getitem__(self, number: int) -> Mediator:
        return (self.first, self.second)[number].mediator


@pytest.fixture
def store(tmp_path: Path) -> Sequenced:
    """In place of the one of a hub that is one process: what is kept lies behind a sequencer."""
    return TwoWorkers(tmp_path)


@pytest.fixture
def log(store: TwoWorkers) -> Any:
    return LogView(store.store)


@pytest.fixture
async def hub(
    store: TwoWorkers,
    folder: Path,
    directory: Directory,
    permissions: PermissionTable,
    provider: Any,
    clock: ManualClock,
) -> AsyncIterator[TwoWorkers]:
    async def worker() -> Worker:
        link = await store.worker()
        room = Room[Ended](link.tell_refused)
        link.hear_refused = room.refused_elsewhere
        mediator = Mediator(
            directory=directory,
            permissions=permissions,
            keys=OwnKeys.load(PartyFolder(folder / "hub"), directory),
            store=SequencedStore(link),
            providers=provider,
            clock=clock,
            check_log=link.check,
            room=room,
        )
        return Worker(link, mediator)

    await store.begin()
    store.first, store.second = await worker(), await worker()
    yield store
    await store.close()


def same(answers: list[MediatedExchange]) -> bool:
    return len({(each.stored.processing_number, each.answer.SerializeToString()) for each in answers}) == 1


@pytest.mark.parametrize("turns", TIMES)
async def test_the_same_bytes_at_two_workers_are_one_exchange(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, turns: int
) -> None:
    inquiry = asker.ask()
    first = asyncio.create_task(hub[0].exchange(asker.identity, inquiry, 5.0))
    for _ in range(turns):
        await asyncio.sleep(0)
    assert same([await hub[1].exchange(asker.identity, inquiry, 5.0), await first])
    assert log.events() == ["PERMITTED", "ANSWERED"]
    assert len(provider.permits) == 1


async def test_many_at_once_at_both_workers_are_each_one_exchange(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any
) -> None:
    inquiries = [asker.ask() for _ in range(20)]
    calls = [hub[number].exchange(asker.identity, each, 10.0) for each in inquiries for number in (0, 1, 1, 0)]
    answers = await asyncio.gather(*calls)
    assert all(same(answers[start : start + 4]) for start in range(0, 80, 4))
    assert len(provider.permits) == len({each.stored.processing_number for each in answers}) == 20
    assert sorted(log.events()) == ["ANSWERED"] * 20 + ["PERMITTED"] * 20


@pytest.mark.parametrize("turns", TIMES)
async def test_other_bytes_at_another_worker_are_refused_wherever_the_exchange_is(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, turns: int
) -> None:
    one = asker.ask()
    other = asker.ask(request_id=one.context[2:18])
    first = asyncio.create_task(hub[0].exchange(asker.identity, one, 5.0))
    for _ in range(turns):
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(first, hub[1].exchange(asker.identity, other, 5.0), return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, WarifuError)]
    assert [each.reason for each in refused] == [Reason.REQUEST_REUSED], "whichever was the second"
    assert len(provider.permits) == 1
    assert sorted(log.events()) == ["ANSWERED", "PERMITTED", "REFUSED"]


async def test_what_an_exchange_fails_with_is_told_at_both_workers(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def away(*_: object) -> None:
        asked.set()
        await go_on.wait()
        raise WarifuError(Reason.PROVIDER_UNREACHABLE, where="provider")

    monkeypatch.setattr(provider, "provide", away)
    inquiry = asker.ask()
    first = asyncio.create_task(asker.refusal(hub[0], inquiry))
    await asked.wait()
    second = asyncio.create_task(asker.refusal(hub[1], inquiry))
    await asyncio.sleep(0.05)
    go_on.set()
    told = [await first, await second]
    assert {(each.reason, each.where, each.definite) for each in told} == {
        (Reason.PROVIDER_UNREACHABLE, "provider", True)
    }
    assert log.events() == ["PERMITTED", "FAILED"]


async def test_a_pending_answer_is_asked_for_again_at_any_worker(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any
) -> None:
    inquiry = asker.ask()
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_PENDING
    waiting = [await hub[number].exchange(asker.identity, inquiry, 5.0) for number in (0, 1, 0, 1)]
    assert {each.answer.outcome for each in waiting} == {inquiry_pb2.PROVISION_OUTCOME_PENDING}
    provider.outcome = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
    answered = [await hub[number].exchange(asker.identity, inquiry, 5.0) for number in (1, 0)]
    assert same(answered)
    assert log.events() == ["PERMITTED", "PENDING", "ANSWERED"]


@pytest.mark.parametrize("count", [1, 16, 32])
async def test_an_exchange_costs_three_questions_and_those_in_step_three_pieces_and_two_syncs(
    hub: TwoWorkers, asker: Any, count: int
) -> None:
    await hub[0].exchange(asker.identity, asker.ask(), 5.0)  # where the provider listens is asked once
    line, database = hub.first.link.line, hub.store.database
    assert line is not None

    def counts() -> list[int]:
        theirs = hub.sequencing.lines  # to the other worker nothing is said
        answered = [sum(each.messages_sent for each in theirs), sum(each.pieces_sent for each in theirs)]
        written = [database.groups_committed, database.mutations_committed]
        return [line.messages_sent, line.pieces_sent, *answered, *written]

    inquiries, before = [asker.ask() for _ in range(count)], counts()
    await asyncio.gather(*(hub[0].exchange(asker.identity, inquiry, 10.0) for inquiry in inquiries))
    spent = [after - then for then, after in zip(before, counts(), strict=True)]
    assert spent == [3 * count, 3, 3 * count, 3, 2, 2 * count]


async def held(provider: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Have the provider wait: whether it was asked, and what lets it go on."""
    asked, go_on, provide = asyncio.Event(), asyncio.Event(), provider.provide

    async def slow(*words: Any) -> Any:
        asked.set()
        await go_on.wait()
        return await provide(*words)

    monkeypatch.setattr(provider, "provide", slow)
    return asked, go_on


async def test_what_a_worker_had_that_is_gone_another_goes_on_with_under_the_same_number(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = await held(provider, monkeypatch)
    inquiry = asker.ask()
    lost = asyncio.create_task(hub[0].exchange(asker.identity, inquiry, 5.0))
    await asked.wait()
    waits = asyncio.create_task(hub[1].exchange(asker.identity, inquiry, 5.0))
    await asyncio.sleep(0.05)
    assert not waits.done()
    line = hub.first.link.line
    assert line is not None
    line.close()
    go_on.set()
    answer = await waits
    await asyncio.gather(lost, return_exceptions=True)
    assert {permit.processing_number for permit in provider.permits} == {answer.stored.processing_number}
    assert log.events()[0] == "PERMITTED"
    assert log.events().count("PERMITTED") == log.events().count("ANSWERED") == 1


async def test_without_a_sequencer_nothing_is_asked_and_nothing_is_said_to_be_definite(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any
) -> None:
    await hub.end()
    refused = await asker.refusal(hub[0], asker.ask())
    assert (refused.reason, refused.definite) == (Reason.LOG_UNAVAILABLE, False)
    assert provider.permits == []
    await hub.begin()
    await hub.first.link.until_there()
    await hub[0].exchange(asker.identity, asker.ask(), 5.0)
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_an_exchange_at_its_provider_while_the_sequencer_is_started_again_ends_as_any(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = await held(provider, monkeypatch)
    inquiry = asker.ask()
    call = asyncio.create_task(hub[0].exchange(asker.identity, inquiry, 5.0))
    await asked.wait()
    await hub.end()
    await hub.begin()
    await hub.first.link.until_there()
    go_on.set()
    assert same([await call, await hub[1].exchange(asker.identity, inquiry, 5.0)])
    assert log.events() == ["PERMITTED", "ANSWERED"]


async def test_an_answer_that_came_when_there_was_no_sequencer_is_withheld_and_given_when_asked_again(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = await held(provider, monkeypatch)
    inquiry = asker.ask()
    call = asyncio.create_task(asker.refusal(hub[0], inquiry))
    await asked.wait()
    await hub.end()
    go_on.set()
    withheld = await call
    assert (withheld.reason, withheld.definite) == (Reason.LOG_UNAVAILABLE, False)
    await hub.begin()
    await hub.second.link.until_there()
    answer = await hub[1].exchange(asker.identity, inquiry, 5.0)
    assert {permit.processing_number for permit in provider.permits} == {answer.stored.processing_number}
    assert log.events() == ["PERMITTED", "ANSWERED"]


@pytest.mark.parametrize("side", ["inquirer", "all"])
async def test_a_member_has_as_many_under_way_at_all_workers_as_at_one(
    hub: TwoWorkers, asker: Any, provider: Any, log: Any, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    monkeypatch.setattr(room_module, "MOST_OF_ONE" if side == "inquirer" else "MOST_UNDER_WAY", 2)
    asked, go_on = await held(provider, monkeypatch)
    calls = [asyncio.create_task(hub[number].exchange(asker.identity, asker.ask(), 5.0)) for number in (0, 1)]
    await asked.wait()
    refused = await asker.refusal(hub[0], asker.ask())
    assert (refused.reason, refused.where) == (Reason.OVERLOADED, "" if side == "all" else "inquirer")
    go_on.set()
    await asyncio.gather(*calls)
    await hub[1].exchange(asker.identity, asker.ask(), 5.0)
    assert log.events().count("PERMITTED") == 3, "what there is no room for is no event of the log"


async def test_refusals_at_one_worker_count_at_the_other(
    hub: TwoWorkers, asker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "REFUSALS_PAUSE_SECONDS", 0.0)
    for mediator in (hub[0], hub[1]):
        mediator._room._refusals = Buckets(Rate(per_second=0.0, burst=3))
    for _ in range(3):
        assert (await asker.refusal(hub[0], asker.altered(asker.ask(), suite=9))).reason is Reason.SUITE_UNKNOWN

    for _ in range(2):
        assert (await asker.refusal(hub[1], asker.altered(asker.ask(), suite=9))).where == "refusals"


async def test_an_assessment_is_withdrawn_at_every_worker_before_anybody_is_told(
    hub: TwoWorkers, asker: Any, log: Any
) -> None:
    context = ExchangeContext.decode(asker.ask().context)
    item = context.item_code
    await hub.store.set_assessment(context.provider, item, withdrawn=True, leaf=b"withdrawn")
    for number in (0, 1):
        refused = await asker.refusal(hub[number], asker.ask())
        assert refused.reason is Reason.ASSESSMENT_NOT_IN_FORCE
    await hub.store.set_assessment(context.provider, item, withdrawn=False, leaf=b"reinstated")
    for number in (0, 1):
        await hub[number].exchange(asker.identity, asker.ask(), 5.0)


async def test_a_log_that_is_behind_takes_nothing_at_any_worker(hub: TwoWorkers, asker: Any, log: Any) -> None:
    hub.state = replace(hub.state, behind="log of 3 entries, 5 seen by others")
    hub.sequencing.tell_state()
    await asyncio.gather(*(link.ask_soon(Kind.FIND, asker.own.institution, bytes(16)) for link in hub.links))
    for number in (0, 1):
        refused = await asker.refusal(hub[number], asker.ask())
        assert (refused.reason, refused.where) == (Reason.LOG_BEHIND, "log of 3 entries, 5 seen by others")
    assert log.events() == []
