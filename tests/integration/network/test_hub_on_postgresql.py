"""A hub whose rows are on a real PostgreSQL server: the server is killed, the hub is killed while another stands by."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
from tests.postgres.server import PostgresServer

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason, WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.database import PostgresDatabase
from warifu.rpc.status import from_rpc_error
from warifu_kit.network.party_process import PartyProcess, party_command

UNANSWERED = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
}
TAKEN_OVER_S = 5.0


class Traffic:
    """Inquiries sent until each is answered; ``began`` once a third of them is, ``refused`` once the log could not be written."""

    def __init__(self, asker: Any, count: int = 150) -> None:
        self._asker = asker
        self._slots = asyncio.Semaphore(32)
        self.answered: dict[int, Any] = {}
        self.inquiries = [asker.inquiry() for _ in range(count)]
        self.began = asyncio.Event()
        self.refused = asyncio.Event()
        self.going = asyncio.gather(*(self._until_answered(number) for number in range(count)))

    async def _until_answered(self, number: int) -> None:
        async with self._slots:
            while number not in self.answered:
                try:
                    self.answered[number] = await self._asker.send(self.inquiries[number])
                except grpc.aio.AioRpcError as error:
                    if error.code() not in UNANSWERED:
                        raise
                    if from_rpc_error(error, default=UNANSWERED).reason is Reason.LOG_UNAVAILABLE:
                        self.refused.set()
                    await asyncio.sleep(0.05)
            if 3 * len(self.answered) >= len(self.inquiries):
                self.began.set()


async def every_exchange_is_permitted_and_answered_once(traffic: Traffic, log: Any) -> None:
    leaves = [ExchangeLeaf.FromString(leaf) for leaf in await log.leaves()]
    told = [(leaf.processing_number, leaf.event) for leaf in leaves]
    numbers = {response.processing_number for response in traffic.answered.values()}
    assert len(numbers) == len(traffic.inquiries)
    for event in (log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED):
        assert sorted(number for number, said in told if said == event) == sorted(numbers)
    for response in traffic.answered.values():
        assert leaves[response.permitted_position].processing_number == response.processing_number


@pytest.fixture
def stored_there(postgres: PostgresServer, postgres_address: PostgresAddress) -> list[str]:
    """The words with which a hub keeps its rows on the server."""
    return ["--store", f"{postgres.address}&schema={postgres_address.schema}"]


@pytest.fixture
def hub(begin_hub: Callable[..., Any], stored_there: list[str]) -> Any:
    def command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
        return party_command(party, folder, [*options, *stored_there])

    return begin_hub(command)


@pytest.fixture
def standing_by(hub: Any, stored_there: list[str], tmp_path: Path) -> Iterator[PartyProcess]:
    """Another hub of the same folder's files, at the same address, that waits for its turn."""
    folder = Path(shutil.copytree(hub.path / "hub", tmp_path / "other", ignore=shutil.ignore_patterns("*.lock")))
    words = ["--listen", hub.endpoints["hub"], *stored_there, "--stand-by"]
    process = PartyProcess("hub", folder, party_command("hub", folder, words))
    process.start()
    yield process
    process.send(signal.SIGKILL)
    process.wait_stopped(10)


async def test_no_acknowledged_exchange_is_lost_when_the_server_is_killed_and_the_hub_comes_back_by_itself(
    hub: Any, play: Callable[..., Any], postgres: PostgresServer
) -> None:
    asker, _, log = await play(hub)
    traffic = Traffic(asker)
    await traffic.began.wait()
    await asyncio.to_thread(postgres.kill)
    await traffic.refused.wait()
    before = len(traffic.answered)
    assert before < len(traffic.inquiries), "it was killed in the middle"
    await asyncio.to_thread(postgres.start)
    await traffic.going
    await every_exchange_is_permitted_and_answered_once(traffic, log)


async def test_the_hub_that_stands_by_takes_over_when_the_other_is_killed(
    hub: Any, standing_by: PartyProcess, play: Callable[..., Any]
) -> None:
    asker, _, log = await play(hub)
    traffic = Traffic(asker)
    await traffic.began.wait()
    assert not standing_by.is_ready
    hub.kill()
    async with asyncio.timeout(TAKEN_OVER_S + 25):
        assert await asyncio.to_thread(standing_by.wait_ready) == hub.endpoints["hub"]
    await traffic.going
    await every_exchange_is_permitted_and_answered_once(traffic, log)


async def test_a_hub_whose_rows_another_owned_meanwhile_ends_by_itself_and_says_why(
    hub: Any, postgres: PostgresServer, postgres_address: PostgresAddress
) -> None:
    os.kill(hub.process.pid, signal.SIGSTOP)
    try:
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)
        with pytest.raises(
            WarifuError, match="LOG_UNAVAILABLE"
        ):  # it knows no such schema, but owns it for that moment
            PostgresDatabase(postgres_address, (), unavailable=Reason.LOG_UNAVAILABLE)
    finally:
        os.kill(hub.process.pid, signal.SIGCONT)
    async with asyncio.timeout(20):
        while hub.process.exit_status() is None:  # noqa: ASYNC110  # another process does not tell
            await asyncio.sleep(0.05)
    assert '"event": "rows_lost"' in (hub.path / "hub" / "party.log").read_text("utf-8")


@pytest.mark.slow
async def test_a_hub_whose_server_hangs_says_so_and_goes_on_with_all_it_acknowledged(
    hub: Any, play: Callable[..., Any], postgres: PostgresServer
) -> None:
    asker, _, log = await play(hub)
    traffic = Traffic(asker)
    await traffic.began.wait()
    with ExitStack() as held:
        for backend in await backends(postgres):
            held.enter_context(postgres.stopped(backend))
        await traffic.refused.wait()
    await traffic.going
    await every_exchange_is_permitted_and_answered_once(traffic, log)


async def backends(postgres: PostgresServer) -> list[int]:
    """The server's processes that work for some party."""
    looking = await asyncpg.connect(postgres.address)
    found = await looking.fetch("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'warifu %'")
    await looking.close()
    return [int(row["pid"]) for row in found]
