"""A hub of several processes, seen from outside: one hub, which ends as a whole, with whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types
from tests.integration.network.hub_processes import (
    PATIENCE_S,
    children_of,
    is_gone,
    kill_process,
    listeners_at,
    sequencer_of,
    with_workers,
    workers_of,
)

from warifu.api.party.v1.party_service_pb2 import GetStatusRequest
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceStub
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import ALARMS_SERVICE
from warifu.tlog.tiles import write_copy
from warifu.tlog.verify import verify_copy
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.workers.place import SOCKET_FILE
from warifu_kit.network.party_process import PartyProcess, party_command


async def wait_for(holds: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, what
        await asyncio.sleep(0.01)


async def test_it_is_three_processes_with_one_log_and_they_end_in_order_with_the_whole_log_published(
    begin_hub: Any, play: Callable[..., Any], tmp_path: Path
) -> None:
    hub = begin_hub(with_workers)
    processes = children_of(hub.process.pid)
    assert len(processes) == 3
    assert len(workers_of(hub.process.pid)) == 2
    askers = [await play(hub) for _ in range(4)]
    await asyncio.gather(*(asker.send(asker.inquiry()) for asker, _, _ in askers for _ in range(5)))
    assert await asyncio.to_thread(hub.stop) == 0
    assert all(is_gone(pid) for pid in processes)
    assert not (hub.path / "hub" / SOCKET_FILE).exists()
    store = DatabaseHubStore(hub.path / "hub" / "hub.sqlite3")
    note, leaves = store.published_checkpoint(), store.leaves(0, 1000)
    store.close()
    assert note is not None
    write_copy(tmp_path / "copy", leaves, note)
    assert verify_copy(tmp_path / "copy", (hub.path / "log.vkey").read_text().strip()).size == 41


@pytest.mark.parametrize("how", ["killed", pytest.param("stopped for ever", marks=pytest.mark.slow)])
async def test_nobody_is_left_when_whoever_started_them_is_gone(begin_hub: Any, how: str) -> None:
    hub = begin_hub(with_workers)
    processes = children_of(hub.process.pid)
    if how == "stopped for ever":
        hub.process.send(signal.SIGSTOP)
    hub.kill()
    await wait_for(lambda: all(is_gone(pid) for pid in processes), "a process outlived its hub")
    await asyncio.to_thread(hub.restart)
    assert hub.stop() == 0


async def test_a_worker_that_is_killed_is_started_again_and_serves(begin_hub: Any, play: Callable[..., Any]) -> None:
    hub = begin_hub(with_workers)
    asker, _, _ = await play(hub)
    inquiry = asker.inquiry()
    answer = await asker.send(inquiry)
    for pid in workers_of(hub.process.pid):
        await asyncio.to_thread(kill_process, hub.process.pid, pid)
        await wait_for(lambda: listeners_at(hub.endpoints["hub"]) == 2, "it does not listen again")
    another, _, log = await play(hub)
    assert await another.send(inquiry) == answer
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]


async def test_without_a_sequencer_calls_are_told_so_and_it_is_back_by_itself(
    begin_hub: Any, play: Callable[..., Any]
) -> None:
    hub = begin_hub(with_workers)
    asker, office, log = await play(hub)
    sequencer = sequencer_of(hub.process.pid)
    os.kill(sequencer, signal.SIGSTOP)  # so that it is gone for as long as the test looks
    permits = len(office.permits)
    hub.process.send(signal.SIGSTOP)
    os.kill(sequencer, signal.SIGKILL)
    refused = await asker.refused(asker.inquiry())
    assert (refused.reason, refused.definite) == (Reason.LOG_UNAVAILABLE, False)
    assert len(office.permits) == permits
    hub.process.send(signal.SIGCONT)
    inquiry = asker.inquiry()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await asker.send(inquiry)
                break
            except Exception:  # noqa: BLE001  # whatever it is told until then
                await asyncio.sleep(0.02)
    assert await log.of(inquiry) == [("PERMITTED", ""), ("ANSWERED", "")]


async def test_whoever_asks_how_the_hub_is_gets_one_answer_whichever_worker_is_asked(
    begin_hub: Any, calls: Any
) -> None:
    hub = begin_hub(with_workers)
    told = []
    for _ in range(6):
        channel = calls.to(hub, caller="supervisor")
        told.append(await PartyServiceStub(channel).GetStatus(GetStatusRequest(), timeout=10))
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service=ALARMS_SERVICE), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    assert {each.role for each in told} == {"hub"}
    assert len({each.started_time.ToNanoseconds() for each in told}) == 1, "the sequencer's"
    assert told[-1].counts.leaf_count == 1


@pytest.mark.slow
async def test_an_alarm_is_said_by_every_worker(begin_hub: Any, calls: Any) -> None:
    hub = begin_hub(with_workers)
    (hub.path / "hub" / "revoked.pem").write_text("spoilt\n", "utf-8")
    not_well = health_pb2.HealthCheckResponse.NOT_SERVING
    for _ in range(6):
        channel = calls.to(hub, caller="supervisor")
        health = health_pb2_grpc.HealthStub(channel)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await health.Check(health_pb2.HealthCheckRequest(service=ALARMS_SERVICE), timeout=10)
                if answer.status == not_well:
                    break
                await asyncio.sleep(0.02)
        status = await PartyServiceStub(channel).GetStatus(GetStatusRequest(), timeout=10)
        assert [each.where for each in status.alarms if "revoked.pem" in each.where]


@pytest.mark.parametrize(
    "second", [with_workers, pytest.param(None, marks=pytest.mark.slow)], ids=["of several processes", "of one"]
)
async def test_a_second_hub_gets_neither_the_rows_nor_the_port(begin_hub: Any, second: Any, tmp_path: Path) -> None:
    hub = begin_hub(with_workers)
    command = second or party_command
    on_its_rows = PartyProcess("hub", tmp_path, command("hub", hub.path / "hub", ["--listen", "127.0.0.1:0"]))
    on_its_rows.start()
    with pytest.raises(WarifuError, match="in use by another process"):
        await asyncio.to_thread(on_its_rows.wait_ready)
    other = begin_hub()
    assert other.stop() == 0
    words = command("hub", other.path / "hub", ["--listen", hub.endpoints["hub"]])
    at_its_port = PartyProcess("hub", tmp_path, words)
    at_its_port.start()
    with pytest.raises(WarifuError, match="ADDRESS_IN_USE"):
        await asyncio.to_thread(at_its_port.wait_ready)
