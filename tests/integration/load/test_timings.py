"""How long each party took is told in a network that was started for it, to a caller that asks, and otherwise nowhere."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.client import BlockingNodeClient, NetworkDescription
from warifu.pki import CredentialFiles
from warifu.rpc.blocking import BlockingPeerChannel
from warifu.rpc.hops import HOPS_KEY, Hop, parts
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60.0


def _up(path: Path, words: list[str]) -> Network:
    return Network(path, command=lambda party, folder, options: party_command(party, folder, [*options, *words]))


def _settled(path: Path) -> Path:
    populate = [sys.executable, "-m", "warifu_kit.cli", "populate", str(path), "--residents", "24"]
    subprocess.run(populate, capture_output=True, check=True, timeout=PATIENCE_S)
    return path


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("timings") / "net"
    with _up(path, ["--timings"]):
        yield _settled(path)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("timings") / "net"
    with _up(path, []):
        yield _settled(path)


def _inquiry(path: Path, *, known: bool = True) -> node_pb2.Inquiry:
    network = NetworkDescription.load(path)
    office = json.loads((path / "population.json").read_bytes())["offices"]["insurance"]
    question = office["questions"][0]
    return node_pb2.Inquiry(
        request_id=secrets.token_bytes(16),
        local_number=office["applicants_at"][question["provider"]][0] if known else "nobody",
        procedure_code=office["procedure_code"],
        provider=network.institution(question["provider"]),
        item_code=question["item_code"],
    )


def _beside(path: Path, inquiry: node_pb2.Inquiry, asking: tuple[tuple[str, str], ...]) -> list[Any]:
    """The metadata that come back with an inquiry, whatever its end."""
    way = NetworkDescription.load(path).to_node("insurance")
    channel = BlockingPeerChannel(
        way.endpoint,
        credential=CredentialFiles(way.certificate, way.private_key).current(),
        root_pem=way.root_pem(),
        expect=way.expect,
    )
    try:
        stub = NodeServiceStub(cast(grpc.Channel, channel))
        _, call = stub.Inquire.with_call(node_pb2.InquireRequest(inquiry=inquiry), timeout=PATIENCE_S, metadata=asking)
    except grpc.RpcError as error:
        call = cast(Any, error)
    finally:
        channel.close()
    return [key for key, _ in call.trailing_metadata() or ()]


def test_each_party_tells_its_time_and_where_the_time_went_adds_up(telling: Path) -> None:
    told: list[Sequence[Hop]] = []
    with BlockingNodeClient(NetworkDescription.load(telling).to_node("insurance")) as node:
        result = node.inquire(_inquiry(telling), hops=told.append)
    (hops,) = told
    assert result.state in (node_pb2.INQUIRY_STATE_ANSWERED, node_pb2.INQUIRY_STATE_PENDING)
    assert [hop.role for hop in hops] == ["agency", "hub", "agency"]
    inquirer, hub, provider = hops
    assert inquirer.took_ms >= inquirer.waited_ms >= hub.waited_ms - 1
    assert provider.waited_ms == 0
    assert set(parts(inquirer.took_ms, hops)) >= {"inquirer", "hub", "provider"}


def test_who_does_not_ask_is_told_nothing(telling: Path) -> None:
    assert HOPS_KEY not in _beside(telling, _inquiry(telling), ())


def test_a_refusal_tells_no_time(telling: Path) -> None:
    assert HOPS_KEY not in _beside(telling, _inquiry(telling, known=False), ((HOPS_KEY, "1"),))


def test_a_network_that_was_not_started_for_it_tells_nobody_though_asked(silent: Path) -> None:
    told: list[Sequence[Hop]] = []
    with BlockingNodeClient(NetworkDescription.load(silent).to_node("insurance")) as node:
        result = node.inquire(_inquiry(silent), hops=told.append)
    assert result.state in (node_pb2.INQUIRY_STATE_ANSWERED, node_pb2.INQUIRY_STATE_PENDING)
    assert told == [()]
    assert _beside(silent, _inquiry(silent), ((HOPS_KEY, "1"),)) == []


def test_no_command_that_starts_one_party_can_make_it_tell() -> None:
    for command in ("hub", "agency", "authority"):
        asked = [sys.executable, "-m", "warifu_kit.cli", command, "--help"]
        told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
        assert re.search("timing", told) is None
    source = [path for folder in ("src", "hub", "services") for path in (ROOT / folder).rglob("*.py")]
    names = {path.name for path in source if "HOPS_KEY" in path.read_text("utf-8")}
    assert names == {"hops.py", "blocking.py"}, "a party that can tell outside the kit"
