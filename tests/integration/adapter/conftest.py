"""A network of processes whose tax office has a business system of its own: one of the examples, as a process."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types
from typer.testing import CliRunner

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import AuthorityClient, BlockingNodeClient, NetworkDescription
from warifu.identifiers import ResidentRecordCode
from warifu.party.alarms import ALARMS_SERVICE
from warifu.party.folder import PartyFolder
from warifu.rpc.channel import secure_channel_sync
from warifu_kit.cli import app
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = {
    "Python": (sys.executable, str(ROOT / "examples" / "adapter_minimal" / "adapter.py")),
    "JavaScript": (
        str(Path(sys.executable).with_name("node")),
        str(ROOT / "examples" / "adapter_node" / "adapter.js"),
    ),
}
FOUR = ("hub", "authority", "supervisor", "residence", "childcare", "tax")


class Example:
    """One of the examples, as its page says to start it."""

    def __init__(self, language: str, folder: Path) -> None:
        self._command = EXAMPLES[language]
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.endpoint = "127.0.0.1:0"

    def start(self) -> None:
        """Start it where it was before, or at a free port, and wait until it is ready."""
        environment = {**os.environ, "NODE_PATH": str(ROOT / ".node" / "node_modules")}
        command = [*self._command, str(self._folder), self.endpoint]
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.endpoint = json.loads(self._process.stdout.readline())["endpoint"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal; how it ended."""
        assert self._process is not None
        self._process.send_signal(number)
        status = self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return status

    def close(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)


class Town:
    """The network, its business system, and childcare, who asks."""

    def __init__(self, path: Path, example: Example) -> None:
        self.path = path
        self.example = example
        self.described: NetworkDescription
        self.running: Network
        self.events: list[tuple[str, str, str]] = []

    @contextmanager
    def up(self) -> Iterator[None]:
        with Network(self.path, command=self._command, on_event=self._hear) as self.running:
            self.described = NetworkDescription.load(self.path)
            yield

    def _hear(self, event: str, party: str, detail: str) -> None:
        self.events.append((event, party, detail))

    def _command(self, party: str, folder: Path, options: Sequence[str]) -> list[str]:
        """The command of a party; tax is told with an option where its business system is, unless its folder says so."""
        told = [] if party != "tax" or PartyFolder(folder).settings().adapter else ["--adapter", self.example.endpoint]
        return party_command(party, folder, [*options, *told])

    def meets(self, **numbers: str) -> None:
        """Make somebody known to agencies, under these local numbers."""
        my_number = asyncio.run(self._designated())
        for party, local_number in numbers.items():
            with BlockingNodeClient(self.described.to_node(party)) as node:
                person = node_pb2.PersonToAcquire(local_number=local_number, my_number=my_number)
                assert [result.reason for result in node.acquire_codes([person])] == [""]

    async def _designated(self) -> str:
        async with AuthorityClient(self.described.to_authority()) as authority:
            resident = ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}")
            (my_number,) = await authority.designate_my_numbers([resident.digits])
        return my_number

    def question(self, local_number: str, **changes: Any) -> node_pb2.Inquiry:
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "local_number": local_number,
            "procedure_code": "JT99000000000001",
            "provider": self.described.institution("tax"),
            "item_code": "TM00000000000002",
        }
        return node_pb2.Inquiry(**{**values, **changes})

    def ask(self, question: node_pb2.Inquiry) -> node_pb2.InquiryResult:
        with BlockingNodeClient(self.described.to_node("childcare")) as node:
            return node.inquire(question)

    def command(self, *words: str) -> tuple[int, str]:
        """What a command of ``warifu`` ends with, and what it says."""
        result = CliRunner().invoke(app, [words[0], *words[1:]])
        return result.exit_code, result.output

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; fails when it does not within half a minute."""
        give_up = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < give_up
            time.sleep(0.1)

    def health(self, party: str) -> str:
        """What a party's health says of its alarms."""
        supervisor, node = PartyFolder(self.path / "supervisor"), self.described.to_node(party)
        with secure_channel_sync(
            node.endpoint,
            credential=supervisor.credential().current(),
            root_pem=supervisor.root_pem(),
            expect=node.expect,
        ) as channel:
            request = health_pb2.HealthCheckRequest(service=ALARMS_SERVICE)
            reply = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))

    def amiss(self) -> set[tuple[str | None, str]]:
        """What is amiss, and where, by ``warifu status``."""
        told = json.loads(self.command("status", str(self.path), "--json")[1])
        return {(warned["party"], warned["kind"]) for warned in told["warnings"]}


@pytest.fixture(scope="session")
def town_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Town]]:
    """A network for each language, made and not started; its example runs."""
    towns: dict[str, Town] = {}

    def made(language: str) -> Town:
        if language not in towns:
            path = tmp_path_factory.mktemp("adapter") / "net"
            create_network(path, members=tuple(each for each in DEFAULT_MEMBERS if each.party in FOUR))
            make_adapter_folder(path, "tax", path.parent / "system")
            towns[language] = Town(path, Example(language, path.parent / "system"))
            towns[language].example.start()
            folder = PartyFolder(path / "tax")
            if language == "JavaScript":
                folder.write_settings(replace(folder.settings(), adapter=towns[language].example.endpoint))
        return towns[language]

    yield made
    for town in towns.values():
        town.example.close()


@pytest.fixture(scope="module", params=list(EXAMPLES))
def town(request: pytest.FixtureRequest, town_of: Callable[[str], Town]) -> Iterator[Town]:
    """A network that is up, and an example behind its tax office."""
    town = town_of(request.param)
    with town.up():
        yield town
