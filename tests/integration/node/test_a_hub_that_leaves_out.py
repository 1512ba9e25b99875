"""A hub that leaves an exchange out of its log is noticed by both sides, with what it signed.

The hub is the real one, but that its store writes no leaf while the test says so: to everybody the exchange looks as any
other, and every checkpoint is a true one of a log that lacks it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from grpc_health.v1 import health_pb2  # type: ignore[import-untyped]  # publishes no types

import warifu_hub.store_database
from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceStub
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.clock import ManualClock, SystemClock
from warifu.exchange.statements import check_permit
from warifu.party.alarms import ALARMS_SERVICE, AlarmKind
from warifu_hub.standing_store import sequence_leaf
from warifu_services.node.comparison import compare_once
from warifu_services.node.evidence_store import EvidenceStore
from warifu_services.node.proving import MISSING_AFTER
from warifu_services.node.proving_store import ProvingStore

NOT_IN_LOG = AlarmKind.EXCHANGE_NOT_IN_LOG


class LeavingOut:
    """What the hub's store does instead of sequencing a leaf: the same, unless it is told to leave it out."""

    def __init__(self) -> None:
        self.leaves_out = False

    def __call__(self, connection: sqlite3.Connection, leaf: bytes) -> int:
        if not self.leaves_out:
            return sequence_leaf(connection, leaf)
        (position,) = connection.execute("SELECT COALESCE(MAX(position), -1) + 1 FROM leaf").fetchone()
        return int(position)


class Watched:
    """A town at such a hub; the nodes' clock is the test's."""

    def __init__(self, town: Any, leaving: LeavingOut, clock: ManualClock) -> None:
        self.town, self.leaving, self.clock = town, leaving, clock

    async def exchange(self) -> str:
        """One exchange, to its good end; its processing number."""
        result = await self.town.client("childcare").inquire(self.town.inquiry(0))
        assert result.record
        return str(result.processing_number)

    async def exchange_left_out(self) -> str:
        self.leaving.leaves_out = True
        number = await self.exchange()
        self.leaving.leaves_out = False
        return number

    async def compare(self) -> None:
        for node in self.town.nodes.values():
            await compare_once(node.hub_log, node.standing, node.prover)

    def unproven(self, party: str) -> int:
        store = ProvingStore(self.town.nodes[party].store.database)
        until = self.clock.unix_ms()
        return sum(
            len(store.unproven(is_missing=missing, after=0, until_ms=until, count=1000)) for missing in (False, True)
        )

    def alarms(self, party: str) -> dict[AlarmKind, str]:
        lookout = self.town.nodes[party].lookout
        lookout.look()
        return {alarm.kind: alarm.where for alarm in lookout.alarms.standing()}


@pytest.fixture
async def watched(empty_town: Any, monkeypatch: pytest.MonkeyPatch) -> Watched:
    leaving, clock = LeavingOut(), ManualClock(SystemClock().now())
    monkeypatch.setattr(warifu_hub.store_database, "_sequence", leaving)
    empty_town.show_every_leaf()
    await empty_town.start()
    numbers = await empty_town.my_numbers(1)
    for party in ("childcare", "tax"):
        await empty_town.start_node(party, clock=clock)
        await empty_town.acquire(party, numbers)
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0)])
    return Watched(empty_town, leaving, clock)


async def test_every_exchange_is_proven_by_both_sides_at_the_next_comparison(watched: Watched) -> None:
    for _ in range(3):
        await watched.exchange()
    await watched.compare()
    for party in ("childcare", "tax"):
        assert watched.unproven(party) == 0
    watched.clock.advance(MISSING_AFTER)
    await watched.compare()
    assert watched.alarms("tax") == watched.alarms("childcare") == {}


async def test_an_exchange_that_the_log_lacks_is_an_alarm_of_both_sides_a_minute_later(watched: Watched) -> None:
    number = await watched.exchange_left_out()
    await watched.exchange()
    await watched.compare()
    assert watched.alarms("tax") == watched.alarms("childcare") == {}
    watched.clock.advance(MISSING_AFTER)
    await watched.compare()
    for party in ("tax", "childcare"):
        where = f"the hub's log lacks 1 exchanges of this node, such as {number}"
        assert watched.alarms(party) == {NOT_IN_LOG: where}
        (kept,) = EvidenceStore(watched.town.nodes[party].store.database).kept()
        assert (kept.kind, kept.processing_number) == (NOT_IN_LOG.value, number)


async def test_the_permit_that_convicts_the_hub_is_kept_and_anybody_can_check_it(watched: Watched) -> None:
    number = await watched.exchange_left_out()
    await watched.exchange()
    watched.clock.advance(MISSING_AFTER)
    await watched.compare()
    (kept,) = EvidenceStore(watched.town.nodes["tax"].store.database).kept()
    permit = ProvisionPermit.FromString(kept.permit)
    directory = watched.town.folder("residence").directory()
    check_permit(directory.hub_signing_key, permit, kept.inquiry_digest)
    assert permit.processing_number == number
    leaves = watched.town.hub.store.leaves(0, 1000)
    assert not any(kept.inquiry_digest in leaf or number.encode() in leaf for leaf in leaves)


async def test_health_and_status_tell_of_it(watched: Watched, peer: Any) -> None:
    await watched.exchange_left_out()
    await watched.exchange()
    watched.clock.advance(MISSING_AFTER)
    await watched.compare()
    supervisor = peer(watched.town.connection("tax", "supervisor"))
    status = await supervisor.stub(PartyServiceStub).GetStatus(party_pb2.GetStatusRequest(), timeout=10)
    assert party_pb2.ALARM_KIND_EXCHANGE_NOT_IN_LOG in {alarm.kind for alarm in status.alarms}
    health = watched.town.nodes["tax"].lookout.health
    request = health_pb2.HealthCheckRequest(service=ALARMS_SERVICE)
    async with asyncio.timeout(30):
        while (await health.Check(request, None)).status != health_pb2.HealthCheckResponse.NOT_SERVING:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the node looks each second


async def test_it_is_found_after_a_restart_of_the_node_as_well(watched: Watched) -> None:
    await watched.exchange_left_out()
    await watched.exchange()
    await watched.town.stop_node("tax")
    watched.clock.advance(MISSING_AFTER + timedelta(seconds=1))
    await watched.town.start_node("tax", clock=watched.clock)
    await watched.compare()
    assert NOT_IN_LOG in watched.alarms("tax")
