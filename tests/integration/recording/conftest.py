"""A calm network of processes whose tax office has the example in Python behind it, from a copy of its own."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import AuthorityClient, BlockingNodeClient, NetworkDescription
from warifu.identifiers import ResidentRecordCode
from warifu_kit.cli import app
from warifu_kit.faults.settings import FaultSettings
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "adapter_minimal"
FOUR = ("hub", "authority", "supervisor", "residence", "childcare", "tax")


class Town:
    """The network in ``path``; builds of its tax office's business system are folders beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.endpoint = ""
        self.described: NetworkDescription
        self._asked: dict[str, str] = {}

    def build(self, name: str) -> Path:
        """A copy of the example, to be changed."""
        return Path(shutil.copytree(EXAMPLE, self.path.parent / name))

    @contextmanager
    def running(self, build: Path) -> Iterator[str]:
        """Where a build listens, as long as it runs."""
        command = [sys.executable, str(build / "adapter.py"), str(self.path.parent / "system"), "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield json.loads(process.stdout.readline())["endpoint"]
            finally:
                process.kill()

    @contextmanager
    def up(self) -> Iterator[None]:
        with Network(self.path, command=self._command, faults=FaultSettings(seed=7, calm=True)):
            self.described = NetworkDescription.load(self.path)
            yield

    def _command(self, party: str, folder: Path, options: Sequence[str]) -> list[str]:
        told = ["--adapter", self.endpoint] if party == "tax" else []
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

    def ask(self, local_number: str, fiscal_year: int = 0) -> node_pb2.InquiryResult:
        """Childcare asks the tax office."""
        question = node_pb2.Inquiry(
            request_id=secrets.token_bytes(16),
            local_number=local_number,
            procedure_code="JT99000000000001",
            provider=self.described.institution("tax"),
            item_code="TM00000000000002",
            fiscal_year=fiscal_year,
        )
        with BlockingNodeClient(self.described.to_node("childcare")) as node:
            return node.inquire(question)

    def command(self, *words: Any) -> tuple[int, str]:
        """What a command of ``warifu`` ends with, and what it says."""
        result = CliRunner().invoke(app, [str(word) for word in words])
        return result.exit_code, result.output or str(result.exception)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; fails when it does not within half a minute."""
        give_up = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < give_up
            time.sleep(0.1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """It is up, and the example runs."""
    path = tmp_path_factory.mktemp("recording") / "net"
    create_network(path, members=tuple(each for each in DEFAULT_MEMBERS if each.party in FOUR))
    make_adapter_folder(path, "tax", path.parent / "system")
    town = Town(path)
    with town.running(town.build("as-it-was")) as town.endpoint, town.up():
        yield town
