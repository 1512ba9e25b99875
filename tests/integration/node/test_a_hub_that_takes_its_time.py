"""A hub that holds a permit back, or whose checkpoint stands still, is noticed by the nodes.

Each hub is the real one with one thing taken over by the test: what carries permits to providers, or what publishes.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.clock import ManualClock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_permit
from warifu.party.alarms import AlarmKind
from warifu_hub.app import parts
from warifu_hub.ledger import Ledger
from warifu_hub.providers import GrpcProviders
from warifu_hub.servicers.log import LogServicer
from warifu_services.node.comparison import compare_once
from warifu_services.node.evidence_store import EvidenceStore
from warifu_services.node.lateness import HELD_BACK_AFTER
from warifu_services.node.proving import MISSING_AFTER

HELD_BACK, STANDS_STILL = AlarmKind.PERMIT_HELD_BACK, AlarmKind.CHECKPOINT_STANDS_STILL


class Slow:
    """What the hub does with its time: whether it holds permits back, and whether its checkpoint stands still."""

    def __init__(self) -> None:
        self.held, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()
        self.stands_still = self.shows_nothing = False

    @property
    def providers(self) -> type[GrpcProviders]:
        slow = self

        class HoldingBack(GrpcProviders):
            async def provide(self, *permit: Any) -> Any:
                slow.held.set()
                await slow.go.wait()
                return await super().provide(*permit)

        return HoldingBack

    @property
    def ledger(self) -> type[Ledger]:
        slow = self

        class StandingStill(Ledger):
            async def publish(self) -> bytes:
                note = self._store.published_checkpoint()
                return note if slow.stands_still and note is not None else await super().publish()

        return StandingStill

    @property
    def log(self) -> type[LogServicer]:
        slow = self

        class Hiding(LogServicer):
            async def CompareLog(self, request: Any, context: Any) -> Any:
                if slow.shows_nothing:
                    raise WarifuError(Reason.INTERNAL)
                return await super().CompareLog(request, context)

        return Hiding


class Timed:
    """A town at such a hub; the nodes' clock is the test's."""

    def __init__(self, town: Any, slow: Slow, clock: ManualClock) -> None:
        self.town, self.slow, self.clock = town, slow, clock

    async def ask(self) -> Any:
        return await self.town.client("childcare").inquire(self.town.inquiry(0))

    async def compare(self) -> None:
        for node in self.town.nodes.values():
            await compare_once(node.hub_log, node.standing, node.prover)

    def alarms(self, party: str) -> dict[AlarmKind, str]:
        lookout = self.town.nodes[party].lookout
        lookout.look()
        return {alarm.kind: alarm.where for alarm in lookout.alarms.standing()}


@pytest.fixture
async def timed(empty_town: Any, monkeypatch: pytest.MonkeyPatch) -> Timed:
    slow, clock = Slow(), ManualClock(SystemClock().now())
    monkeypatch.setattr(parts, "GrpcProviders", slow.providers)
    monkeypatch.setattr(parts, "Ledger", slow.ledger)
    monkeypatch.setattr(parts, "LogServicer", slow.log)
    empty_town.show_every_leaf()
    await empty_town.start()
    numbers = await empty_town.my_numbers(1)
    for party in ("childcare", "tax"):
        await empty_town.start_node(party, clock=clock)
        await empty_town.acquire(party, numbers)
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0)])
    return Timed(empty_town, slow, clock)


async def test_a_permit_that_was_held_back_is_noticed_by_the_provider_with_the_permit(timed: Timed) -> None:
    assert (await timed.ask()).record
    timed.slow.held.clear()
    timed.slow.go.clear()
    asking = asyncio.create_task(timed.ask())
    await timed.slow.held.wait()
    timed.clock.advance(HELD_BACK_AFTER + timedelta(seconds=30))
    timed.slow.go.set()
    number = (await asking).processing_number
    (kept,) = EvidenceStore(timed.town.nodes["tax"].store.database).kept()
    assert re.match(rf"exchange {number}: came (2|3)\d\d s after", timed.alarms("tax")[HELD_BACK])
    assert (kept.kind, kept.processing_number) == (HELD_BACK.value, number)
    permit, directory = ProvisionPermit.FromString(kept.permit), timed.town.folder("tax").directory()
    check_permit(directory.hub_signing_key, permit, kept.inquiry_digest)
    assert HELD_BACK not in timed.alarms("childcare")


async def test_permits_that_come_as_they_are_made_are_no_alarm(timed: Timed) -> None:
    for _ in range(3):
        await timed.ask()
    assert timed.alarms("tax") == {}


async def test_a_checkpoint_that_stands_still_is_noticed_by_those_who_had_exchanges_since(timed: Timed) -> None:
    await timed.ask()
    await timed.compare()
    timed.slow.stands_still = True
    timed.clock.advance(timedelta(seconds=1))
    number = (await timed.ask()).processing_number
    await timed.compare()
    assert STANDS_STILL not in timed.alarms("tax")
    timed.clock.advance(MISSING_AFTER)
    await timed.compare()
    for party in ("childcare", "tax"):
        assert timed.alarms(party)[STANDS_STILL] == f"the hub's checkpoint is as it was before exchange {number}"
    timed.slow.stands_still = False
    await timed.compare()
    assert timed.alarms("tax") == timed.alarms("childcare") == {}


async def test_a_hub_that_goes_on_and_shows_no_checkpoint_is_noticed(timed: Timed) -> None:
    await timed.compare()
    timed.slow.shows_nothing = True
    timed.clock.advance(MISSING_AFTER + timedelta(seconds=1))
    assert (await timed.ask()).record
    assert timed.alarms("tax")[STANDS_STILL].startswith("the hub shows no checkpoint since ")
    timed.slow.shows_nothing = False
    await timed.compare()
    assert STANDS_STILL not in timed.alarms("tax")
