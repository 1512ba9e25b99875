"""A small network of real processes that tests spoil and mend, and what it says of itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types
from typer.testing import CliRunner, Result

from warifu.clock import Clock
from warifu.party.folder import PartyFolder
from warifu.pki import Role
from warifu.rpc.channel import secure_channel_sync
from warifu_kit.cli import app
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network
from warifu_kit.network.network import Network

SMALL = tuple(member for member in DEFAULT_MEMBERS if member.role is not Role.AGENCY or member.party == "tax")
PATIENCE_S = 30.0


@dataclass
class Small:
    """A network of hub, authority and one agency, and whoever looks after it."""

    path: Path
    running: Network
    events: list[tuple[str, str, str]]

    def status(self) -> tuple[int, dict[str, Any]]:
        """What ``warifu status --json`` ends with, and what it says."""
        result = CliRunner().invoke(app, ["status", str(self.path), "--json"])
        return result.exit_code, json.loads(result.stdout)

    def amiss(self) -> set[tuple[str | None, str]]:
        """What is amiss, and where, by ``warifu status``."""
        return {(warned["party"], warned["kind"]) for warned in self.status()[1]["warnings"]}

    def logged(self, party: str) -> list[tuple[str, str]]:
        """The alarms in a party's log: what happened, and to which."""
        lines = (self.path / party / "party.log").read_text("utf-8").splitlines()
        told = [json.loads(line) for line in lines if '"alarm"' in line]
        return [(line["event"], line["alarm"]) for line in told]

    def health(self, party: str, service: str = "") -> str:
        """What a party's health says of a service."""
        folder = PartyFolder(self.path / "supervisor")
        with secure_channel_sync(
            self.running.endpoint(party),
            credential=folder.credential().current(),
            root_pem=folder.root_pem(),
            expect=PartyFolder(self.path / party).identity(),
        ) as channel:
            request = health_pb2.HealthCheckRequest(service=service)
            reply = health_pb2_grpc.HealthStub(channel).Check(request, timeout=10)
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))


class LookedAfter(Small):
    """A network that is not up yet."""

    def __init__(self, path: Path, running: Network | None = None) -> None:
        self.path = path
        self.events = []
        if running is not None:
            self.running = running

    @contextmanager
    def up(self, clock: Clock | None = None) -> Iterator[LookedAfter]:
        with Network(self.path, on_event=lambda *event: self.events.append(event), clock=clock) as self.running:
            yield self


@pytest.fixture(scope="session")
def looked_after() -> type[LookedAfter]:
    """Starts a network that a test made, and looks after it."""
    return LookedAfter


@pytest.fixture(scope="session")
def small_members() -> tuple[Member, ...]:
    """Hub, authority, supervisor and one agency."""
    return SMALL


@pytest.fixture(scope="session")
def run_status() -> Callable[[Path], Result]:
    """Runs ``warifu status`` on a folder."""
    return lambda path: CliRunner().invoke(app, ["status", str(path)])


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], object]], None]:
    """Waits until something holds; fails when it does not within half a minute."""

    def wait(holds: Callable[[], object]) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < give_up, "it never happened"
            threading.Event().wait(0.05)

    return wait


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """A network that is up; who spoils it mends it."""
    path, events = tmp_path_factory.mktemp("small") / "net", list[Any]()
    create_network(path, members=SMALL)
    with Network(path, on_event=lambda *event: events.append(event)) as running:
        yield Small(path, running, events)
