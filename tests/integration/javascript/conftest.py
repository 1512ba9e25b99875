"""Networks whose tax and childcare offices run the node in JavaScript; the others run ours. Everybody is a process."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.client import AuthorityClient, BlockingNodeClient, NetworkDescription
from warifu.curve.suites import available_suites
from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.identifiers import ResidentRecordCode
from warifu.pki import CredentialFiles
from warifu.rpc.channel import secure_channel_sync
from warifu.rpc.status import from_rpc_error
from warifu_kit.cli import app
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "node_in_javascript"
PACKAGES = ROOT / ".node" / "node_in_javascript" / "node_modules"
NODE = str(Path(sys.executable).with_name("node"))
IN_JAVASCRIPT = ("tax", "childcare")
PARTIES = ("hub", "authority", "supervisor", "residence", "tax", "childcare", "insurance")
LOCAL_TAX = "TM00000000000002"


def command_of(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    """The command of a party: as the example's page says it, or ours."""
    if party not in IN_JAVASCRIPT:
        return party_command(party, folder, options)
    return [NODE, str(EXAMPLE / "node.js"), str(folder), *options]


def income(result: node_pb2.InquiryResult) -> int:
    return LocalTaxRecord.FromString(result.record).total_income_yen


class Town:
    """A network that is up, and people whom its offices know."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.network = Network(path, command=command_of)

    def described(self) -> NetworkDescription:
        return NetworkDescription.load(self.path)

    def at(self, party: str) -> BlockingNodeClient:
        """What a party's business system calls its node with."""
        return BlockingNodeClient(self.described().to_node(party))

    def meets(self, **numbers: str) -> str:
        """Make somebody known to agencies, under these local numbers; the My Number."""
        my_number = asyncio.run(self._designated())
        for party, local_number in numbers.items():
            with self.at(party) as node:
                person = node_pb2.PersonToAcquire(local_number=local_number, my_number=my_number)
                assert [result.reason for result in node.acquire_codes([person])] == [""]
        return my_number

    async def _designated(self) -> str:
        async with AuthorityClient(self.described().to_authority()) as authority:
            resident = ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010d}")
            (my_number,) = await authority.designate_my_numbers([resident.digits])
        return my_number

    def taxed(self, local_number: str, income: int, **changes: Any) -> None:
        """A replica of somebody's taxes at the tax office, of 2026 unless said otherwise."""
        values: dict[str, Any] = {"fiscal_year": 2026, "publication_start": "2026-06-01", **changes}
        record = LocalTaxRecord(fiscal_year=values["fiscal_year"], total_income_yen=income).SerializeToString()
        replica = node_pb2.Replica(local_number=local_number, item_code=LOCAL_TAX, record=record, **values)
        with self.at("tax") as node:
            assert node.register_replicas([replica]) == 1

    def question(self, local_number: str, **changes: Any) -> node_pb2.Inquiry:
        """About somebody's taxes, for a child allowance (R01)."""
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "local_number": local_number,
            "procedure_code": "JT99000000000001",
            "provider": self.described().institution("tax"),
            "item_code": LOCAL_TAX,
        }
        return node_pb2.Inquiry(**{**values, **changes})

    def ask(self, question: node_pb2.Inquiry, party: str = "childcare") -> node_pb2.InquiryResult:
        with self.at(party) as node:
            return node.inquire(question, timeout=30)

    def income_of(self, local_number: str) -> int | None:
        """What childcare learns of somebody's income; None where the exchange did not go through."""
        try:
            return income(self.ask(self.question(local_number)))
        except WarifuError:
            return None

    def dies(self, party: str) -> None:
        """Kill a party's process; the network starts it again."""
        process = self.network.parties[party]
        pid = process.pid
        process.send(signal.SIGKILL)
        self.until(lambda: process.pid != pid and process.is_ready)

    def refused_at_tax(self, party: str, method: str, message: bytes = b"") -> tuple[Reason, bool]:
        """How the tax office's node refuses a call of a party's business system."""
        called, caller = self.described().to_node("tax"), self.described().to_node(party)
        credential = CredentialFiles(caller.certificate, caller.private_key).current()
        root = called.root_pem()
        with (
            secure_channel_sync(called.endpoint, credential=credential, root_pem=root, expect=called.expect) as channel,
            pytest.raises(grpc.RpcError) as refused,
        ):
            channel.unary_unary(f"/warifu.api.{method}", request_serializer=bytes)(message, timeout=10)
        told = from_rpc_error(refused.value, default={})
        return told.reason, told.definite

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; fails when it does not within half a minute."""
        give_up = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < give_up
            time.sleep(0.1)

    def command(self, *words: str, ends: int = 0) -> str:
        """What a command of ``warifu`` says."""
        result = CliRunner().invoke(app, list(words))
        assert result.exit_code == ends, result.output
        return result.output


@contextmanager
def up(path: Path, suite: int, proofs: ProofPolicy) -> Iterator[Town]:
    """A network that is up, made in an empty folder."""
    members = tuple(member for member in DEFAULT_MEMBERS if member.party in PARTIES)
    create_network(path, members=members, suite=suite, proofs=proofs)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NODE_PATH", str(PACKAGES))
        made = Town(path)
        with made.network:
            yield made


@pytest.fixture(scope="module", params=[1, 2], ids=["suite 1", "suite 2"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A network of each suite in turn."""
    if request.param not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    with up(tmp_path_factory.mktemp("javascript") / "net", request.param, ALWAYS_PROVEN) as made:
        yield made


@pytest.fixture
def sampled_town(tmp_path: Path) -> Iterator[Town]:
    """A network in which a provider draws which conversions are proven."""
    with up(tmp_path / "net", 2, ProofPolicy.parse("sampled:2")) as made:
        yield made


def its_own_tests() -> subprocess.CompletedProcess[str]:
    """The example's own tests, as its page says to run them."""
    environment = {**os.environ, "NODE_PATH": str(PACKAGES)}
    command = [NODE, "--test", "--test-reporter=tap", str(EXAMPLE / "*.test.js")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
