"""A hub process that is flooded, how much memory it takes, and honest members that go on meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import pytest
from tests.integration.floods.attacks.place import Place
from tests.integration.network.conftest import Asker, TaxOffice

from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.network.custody import revoke

ROOT = Path(__file__).parents[3]
_LEAVES = 20_000
_MIB = 1024 * 1024


class Resident:
    """The resident memory of a process, in MiB, as the system has it."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc") / str(pid)

    def now(self) -> float:
        return self._status("VmRSS")

    def peak(self) -> float:
        """The most since :meth:`begin`."""
        return self._status("VmHWM")

    def begin(self) -> None:
        (self._folder / "clear_refs").write_text("5")

    def descriptors(self) -> int:
        return len(os.listdir(self._folder / "fd"))  # noqa: PTH208

    def _status(self, name: str) -> float:
        (found,) = re.findall(rf"^{name}:\s+(\d+) kB", (self._folder / "status").read_text(), re.MULTILINE)
        return int(found) / 1024


@dataclass
class Flooded:
    """A hub of its own, whom an attack is begun on."""

    hub: Any
    resident: Resident

    def place(self, party: str) -> Place:
        folder = self.hub.path / party
        return Place(
            endpoint=self.hub.endpoints["hub"],
            server_name=self.hub.identity("hub").dns_name,
            certificate=str(folder / "tls.pem"),
            private_key=str(folder / "tls.key"),
            root=str(self.hub.path / "hub" / "root.pem"),
        )

    @contextmanager
    def under(self, flood: str) -> Iterator[None]:
        """Within it the hub is under that flood, once it is in full swing."""
        caller = import_module(f"tests.integration.floods.attacks.{flood}").CALLER
        command = [sys.executable, "-m", "tests.integration.floods.attacks", flood, self.place(caller).text()]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as attacker:
            try:
                assert attacker.stdout is not None
                assert attacker.stdout.readline(), "the attack ended before it had begun"
                yield
                assert attacker.poll() is None, "the attack ended by itself"
            finally:
                attacker.kill()

    def leaves(self) -> int:
        """How many leaves the hub's log has."""
        with closing(sqlite3.connect(self.hub.path / "hub" / "hub.sqlite3")) as reading:
            (count,) = reading.execute("SELECT COUNT(*) FROM leaf").fetchone()
        return int(count)

    def lines(self) -> list[Any]:
        """What the hub's own log says, line by line."""
        log: bytes = (self.hub.path / "hub" / "party.log").read_bytes()
        return [json.loads(line) for line in log.splitlines()]


class Office(TaxOffice):
    """A tax office that can listen in more places than one."""

    is_quiet = False

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self._telling: Any = None

    async def another(self) -> str:
        """Serve in one more place, which the hub is not told yet."""
        self.is_quiet = True
        former = self.server  # which serves for as long as somebody knows it
        self._calls.closing(lambda: former.stop(0))
        await self.open()
        self.is_quiet = False
        return str(self.endpoint)

    async def announce(self, endpoint: str) -> None:
        if not self.is_quiet:
            self._telling = self._telling or DirectoryServiceStub(self._calls.to(self._net, caller="tax"))
            await self._telling.AnnounceEndpoint(AnnounceEndpointRequest(endpoint=endpoint), timeout=10)


@dataclass
class Honest:
    """Members that do their work: one asks the other, through the hub, and waits for the answer."""

    asker: Any
    office: Any
    took: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    async def exchange(self) -> None:
        inquiry = self.asker.inquiry()
        began = time.perf_counter()
        try:
            await self.asker.send(inquiry)
        except grpc.aio.AioRpcError as error:
            self.failed.append(f"{error.code()} {error.details()}")
        self.took.append(time.perf_counter() - began)

    async def for_seconds(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self.exchange()

    def p99(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.99)]

    def fresh(self) -> Honest:
        return Honest(self.asker, self.office)


async def _fill(path: Path) -> None:
    """A log as long as a busy morning's."""
    store = DatabaseHubStore(path)
    try:
        await asyncio.gather(*(store.append_leaf(b"\x08\x01" + secrets.token_bytes(400)) for _ in range(_LEAVES)))
    finally:
        store.close()


@pytest.fixture
async def flooded(begin_hub: Callable[[], Any]) -> Flooded:
    hub = begin_hub()
    hub.stop()
    await _fill(hub.path / "hub" / "hub.sqlite3")
    revoke(hub.path, "residence")
    hub.restart()
    return Flooded(hub, Resident(hub.process.pid))


@pytest.fixture
async def honest(flooded: Flooded, calls: Any, overheard: Any) -> Honest:
    office = Office(flooded.hub, calls, overheard)
    await office.open()
    return Honest(Asker(flooded.hub, calls, overheard), office)
