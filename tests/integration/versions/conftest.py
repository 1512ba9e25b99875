"""A hub over mutual TLS, and one party that follows it; the hub may be the real one or one that can be spoilt."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2_grpc import (
    DirectoryServiceServicer,
    DirectoryServiceStub,
    add_DirectoryServiceServicer_to_server,
)
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceServicer, add_LogServiceServicer_to_server
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.alarms import Alarms
from warifu.party.directory_file import DIRECTORY_FILE, read_directory_file
from warifu.party.folder import PartyFolder
from warifu.party.following import DirectoryFollower, RevocationFollower
from warifu.party.held import Held
from warifu.pki import RevocationFile
from warifu.rpc import logging
from warifu.rpc.access import EVERY_ROLE
from warifu.rpc.channel import PeerChannel
from warifu.rpc.paging import Turns
from warifu.rpc.server import build_server
from warifu_hub.app import Hub, build_hub, run_hub, running
from warifu_hub.beats import Beats
from warifu_hub.cosigned_store import CosignedStore
from warifu_hub.cosigning import Cosigning
from warifu_hub.servicers.directory import DIRECTORY_ACCESS, DirectoryServicer
from warifu_hub.servicers.log import LOG_ACCESS, LogServicer
from warifu_hub.standing_store import StandingStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.network.creation import create_network


class Follower:
    """An agency, as far as it follows: what it holds, and what it was made ready for."""

    def __init__(self, network: Path, hub: str, party: str) -> None:
        self.folder = PartyFolder(network / party)
        self.held: Held[Directory] = Held(self.folder.directory())
        self.ready: list[int] = []
        self.refuses = False
        self.alarms = Alarms("node", self.folder.path, SystemClock())
        root_pem = self.folder.root_pem()
        self.channel = PeerChannel(
            hub,
            credential=self.folder.credential(),
            root_pem=root_pem,
            expect=PartyFolder(network / "hub").identity(),
        )
        self.follower = DirectoryFollower(
            self.channel,
            folder=self.folder,
            held=self.held,
            party="node",
            make_ready=self._make_ready,
            revocations=RevocationFollower(
                self.channel, RevocationFile(self.folder.path / "revoked.pem", root_pem, SystemClock()), party="node"
            ),
            alarms=self.alarms,
        )

    def _make_ready(self, directory: Directory) -> Callable[[], None]:
        if self.refuses:
            raise WarifuError(Reason.KEY_INVALID, where="agency.key")
        return lambda: self.ready.append(directory.version)

    @property
    def version(self) -> int:
        """What it goes by, which must be what its file says too."""
        held = self.held.current()
        assert read_directory_file(self.folder.path / DIRECTORY_FILE).header == held.header
        return held.version

    async def stream(self) -> Any:
        """A stream of its own, on which the hub has told what is the newest."""
        call = self.channel.stub(DirectoryServiceStub).FollowVersions(directory_pb2.FollowVersionsRequest(), timeout=30)
        await call.read()
        return call

    async def close(self) -> None:
        await self.channel.close()


class SpoiltHub(DirectoryServiceServicer, LogServiceServicer):
    """The real services of a hub, each answer of which a test may change or withhold."""

    def __init__(self, hub: Hub, folder: PartyFolder) -> None:
        revocations = RevocationFile(folder.path / "revoked.pem", folder.root_pem(), SystemClock())
        self.hub = hub
        self._directory = DirectoryServicer(
            versions=hub.versions, store=hub.store, revocations=revocations, turns=Turns()
        )
        known = StandingStore(cast("DatabaseHubStore", hub.store).database)
        beats = Beats(hub.ledger, hub.store, SystemClock())
        cosigning = Cosigning(hub.ledger, CosignedStore(cast("DatabaseHubStore", hub.store).database), ())
        self._log = LogServicer(hub.ledger, beats, hub.store, Turns(), hub.standing, known, cosigning)
        self.change: dict[str, Callable[[Any, Any], Any]] = {}
        self.asked: list[str] = []

    async def _answered(self, name: str, servicer: Any, request: Any, context: Any) -> Any:
        self.asked.append(name)
        answer = await getattr(servicer, name)(request, context)
        change = self.change.get(name)
        changed = change(request, answer) if change is not None else None
        return answer if changed is None else changed

    async def ListVersions(self, request: Any, context: Any) -> Any:
        return await self._answered("ListVersions", self._directory, request, context)

    async def ListEntries(self, request: Any, context: Any) -> Any:
        return await self._answered("ListEntries", self._directory, request, context)

    async def GetRevocationList(self, request: Any, context: Any) -> Any:
        return await self._answered("GetRevocationList", self._directory, request, context)

    async def GetCheckpoint(self, request: Any, context: Any) -> Any:
        return await self._answered("GetCheckpoint", self._log, request, context)

    async def GetInclusionProof(self, request: Any, context: Any) -> Any:
        return await self._answered("GetInclusionProof", self._log, request, context)

    async def AnnounceEndpoint(self, request: Any, context: Any) -> Any:
        return await self._directory.AnnounceEndpoint(request, context)

    async def CompareLog(self, request: Any, context: Any) -> Any:
        return await self._log.CompareLog(request, context)

    async def ProveExchanges(self, request: Any, context: Any) -> Any:
        return await self._log.ProveExchanges(request, context)

    async def GetConsistencyProof(self, request: Any, context: Any) -> Any:
        return await self._log.GetConsistencyProof(request, context)

    async def GetCosignedCheckpoint(self, request: Any, context: Any) -> Any:
        return await self._log.GetCosignedCheckpoint(request, context)

    async def AddCosignature(self, request: Any, context: Any) -> Any:
        return await self._log.AddCosignature(request, context)

    async def ListLeaves(self, request: Any, context: Any) -> AsyncIterator[Any]:
        async for leaves in self._log.ListLeaves(request, context):
            yield leaves

    async def FollowVersions(self, request: Any, context: Any) -> AsyncIterator[directory_pb2.FollowVersionsResponse]:
        self.asked.append("FollowVersions")
        async for told in self._directory.FollowVersions(request, context):
            yield told


class Place:
    """A network's folder with its hub, and whoever follows it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hub: Hub | None = None
        self.endpoint = ""
        self._server: grpc.aio.Server | None = None
        self._followers: list[Follower] = []
        self._chores: list[asyncio.Task[Any]] = []
        self._running: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def start(self) -> Hub:
        """The real hub, which takes what is in its folder; what comes later it takes by :meth:`take`."""
        self.hub = build_hub(PartyFolder(self.path / "hub"), listen=self.endpoint or None)
        await self.take()
        await self.hub.server.start()
        self.endpoint = self.hub.endpoint
        return self.hub

    async def take(self) -> None:
        assert self.hub is not None
        await self.hub.versions.take()
        keys = self.hub.versions.keys.current()
        self.hub.ledger.sign_with(keys.log_key, keys.verifier)

    async def start_spoilt(self) -> SpoiltHub:
        """Its services behind a server of their own, whose answers a test may change."""
        if self.hub is None:
            await self.start()
        assert self.hub is not None
        folder = PartyFolder(self.path / "hub")
        spoilt = SpoiltHub(self.hub, folder)
        self._server, port = build_server(
            credential=folder.credential(),
            root_pem=folder.root_pem(),
            access=dict.fromkeys({**DIRECTORY_ACCESS, **LOG_ACCESS}, EVERY_ROLE),
            services=[
                (add_DirectoryServiceServicer_to_server, spoilt),
                (add_LogServiceServicer_to_server, spoilt),
            ],
            revoked=frozenset,
            listen="127.0.0.1:0",
        )
        await self._server.start()
        self.endpoint = f"127.0.0.1:{port}"
        return spoilt

    async def run(
        self, patch: pytest.MonkeyPatch, on_ready: Callable[[], object] = lambda: None, *, go_on: bool = False
    ) -> None:
        """The hub as it runs by itself, until the end of the test. ``on_ready`` is called when it says that it is."""
        ready = asyncio.Event()

        def announce_ready(**_: object) -> None:
            on_ready()
            ready.set()

        patch.setattr(running, "announce_ready", announce_ready)
        serving = run_hub(self._stop, self.path / "hub", listen="127.0.0.1:0", go_on=go_on)
        self._running.append(asyncio.create_task(serving))
        await ready.wait()

    async def stop(self) -> None:
        """End the hub that runs by itself; it may be run again."""
        self._stop.set()
        await asyncio.gather(*self._running)
        self._running.clear()
        self._stop = asyncio.Event()

    def follower(self, party: str = "tax") -> Follower:
        self._followers.append(Follower(self.path, self.endpoint, party))
        return self._followers[-1]

    def keep(self, follower: Follower) -> None:
        """Let it follow until the end of the test."""
        self._chores.append(asyncio.create_task(follower.follower.keep()))

    async def close(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._running)
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        for follower in self._followers:
            await follower.close()
        if self._server is not None:
            await self._server.stop(0)
        if self.hub is not None:
            await self.hub.server.stop(0)
            await self.hub.close()


@pytest.fixture(scope="session")
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    return path


@pytest.fixture
async def place(made_network: Path, tmp_path: Path) -> AsyncIterator[Place]:
    """A network of which nothing runs yet."""
    place = Place(Path(shutil.copytree(made_network, tmp_path / "net")))
    yield place
    await place.close()


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Any]:
    """Waits until something holds; fails when it does not within ten seconds."""

    async def wait(holds: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110  # a state, not an event of ours
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture(autouse=True)
def told() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """What was said in the log of an event so far."""
    stream = io.StringIO()
    logging.configure("info", stream)

    def lines(event: str) -> list[dict[str, Any]]:
        said = [json.loads(line) for line in stream.getvalue().splitlines()]
        return [line for line in said if line["event"] == event]

    yield lines
    logging.configure("warning")
