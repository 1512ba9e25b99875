"""Agency nodes over real mutual TLS, with the real hub and authority, or with a hub that can be spoilt."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2_grpc import (
    DirectoryServiceServicer,
    add_DirectoryServiceServicer_to_server,
)
from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceServicer, add_HubServiceServicer_to_server
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.client.asynchronous import AuthorityClient, NodeClient
from warifu.client.connection import Connection
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import resident_record_check_digit
from warifu.party.folder import PartyFolder
from warifu.pki import CredentialFiles
from warifu.rpc.access import EVERY_ROLE
from warifu.rpc.channel import PeerChannel
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.server import build_server
from warifu_hub.app import Hub, build_hub
from warifu_hub.servicers.directory import DIRECTORY_ACCESS
from warifu_hub.servicers.hub import HUB_ACCESS
from warifu_kit.network.creation import create_network
from warifu_services.authority.app import Authority, build_authority
from warifu_services.node.app import Node, build_node

LOCAL_TAX, CHILD_ALLOWANCE = "TM00000000000002", "JT99000000000001"


class Town:
    """A network in one process: hub, authority and whichever nodes a test starts. Clients are closed at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.nodes: dict[str, Node] = {}
        self.hub: Hub | None = None
        self.authority: Authority | None = None
        self.hub_endpoint = self.authority_endpoint = ""
        self._clients: list[Any] = []
        self._numbers: list[str] = []

    def folder(self, party: str) -> PartyFolder:
        return PartyFolder(self.path / party)

    def code(self, party: str) -> str:
        return str(self.folder(party).settings().institution_code)

    async def start(self) -> None:
        await self.start_hub()
        self.authority = build_authority(self.folder("authority"), hub=self.hub_endpoint)
        await self.authority.server.start()
        self.authority_endpoint = self.authority.endpoint

    def show_every_leaf(self) -> None:
        """Have the hub show its log to members as it grows, not in beats."""
        hub = self.folder("hub")
        hub.write_settings(replace(hub.settings(), beat_s=0))

    async def start_hub(self) -> None:
        """Start the hub, at the endpoint it had before if it had one."""
        self.hub = build_hub(self.folder("hub"), listen=self.hub_endpoint or None)
        await self.hub.server.start()
        self.hub_endpoint = self.hub.endpoint

    async def stop_hub(self) -> None:
        if self.hub is not None:
            await self.hub.server.stop(0)
            await self.hub.close()
            self.hub = None

    async def start_node(self, party: str, **options: Any) -> Node:
        """Build and start a node, and wait until the hub knows it."""
        node = build_node(
            self.folder(party), hub=self.hub_endpoint, authority=self.authority_endpoint or "127.0.0.1:1", **options
        )
        self.nodes[party] = node
        await node.start()
        await node.contact.announced.wait()
        return node

    async def stop_node(self, party: str) -> None:
        await self.nodes.pop(party).close()

    def connection(self, party: str, caller: str) -> Connection:
        """The way to a node, or to the hub; ``caller`` is a folder with a certificate, such as ``tax/business``."""
        own = self.path / caller
        return Connection(
            endpoint=self.hub_endpoint if party == "hub" else self.nodes[party].endpoint,
            expect=self.folder(party).identity(),
            certificate=own / "tls.pem",
            private_key=own / "tls.key",
            root_certificate=self.path / party / "root.pem",
        )

    def client(self, party: str, caller: str = "") -> NodeClient:
        """The business system of a node, or somebody else at its door."""
        client = NodeClient(self.connection(party, caller or f"{party}/business"))
        self._clients.append(client)
        return client

    async def my_numbers(self, count: int) -> list[str]:
        """My Numbers that the authority designated for as many new residents."""
        business = self.path / "residence" / "business"
        client = AuthorityClient(
            Connection(
                endpoint=self.authority_endpoint,
                expect=self.folder("authority").identity(),
                certificate=business / "tls.pem",
                private_key=business / "tls.key",
                root_certificate=self.path / "residence" / "root.pem",
            )
        )
        bodies = [f"{secrets.randbelow(10**10):010d}" for _ in range(count)]
        try:
            return await client.designate_my_numbers([f"{body}{resident_record_check_digit(body)}" for body in bodies])
        finally:
            await client.close()

    async def acquire(self, party: str, numbers: Iterable[str]) -> list[node_pb2.AcquisitionResult]:
        """Acquire codes at a node; local numbers are the party's name and a count."""
        people = [
            node_pb2.PersonToAcquire(local_number=f"{party}-{place}", my_number=number)
            for place, number in enumerate(numbers)
        ]
        return [result async for result in self.client(party).acquire_codes(people)]

    def tax_replica(self, place: int, **changes: Any) -> node_pb2.Replica:
        record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1_000_000 + place)
        values: dict[str, Any] = {
            "local_number": f"tax-{place}",
            "item_code": LOCAL_TAX,
            "fiscal_year": 2026,
            "publication_start": "2020-01-01",
            "record": record.SerializeToString(),
        }
        return node_pb2.Replica(**{**values, **changes})

    def inquiry(self, place: int, **changes: Any) -> node_pb2.Inquiry:
        """What childcare asks tax about the person at ``place``."""
        values: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "local_number": f"childcare-{place}",
            "procedure_code": CHILD_ALLOWANCE,
            "provider": changes.get("provider") or self.code("tax"),
            "item_code": LOCAL_TAX,
        }
        return node_pb2.Inquiry(**{**values, **changes})

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds; fails when it does not within half a minute."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110  # whatever it is, there is no event for it
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        for node in self.nodes.values():
            await node.close()
        if self.authority is not None:
            await self.authority.server.stop(0)
            await self.authority.close()
        await self.stop_hub()


@pytest.fixture(scope="session")
def made_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network's folder, made once; tests work on copies."""
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    return path


@pytest.fixture
async def empty_town(made_network: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """A network of which nothing runs yet."""
    town = Town(shutil.copytree(made_network, tmp_path / "net"))
    yield town
    await town.close()


@pytest.fixture
async def town_at() -> AsyncIterator[Callable[[Path], Town]]:
    """Makes towns of networks that a test made; of which nothing runs yet."""
    made: list[Town] = []

    def make(path: Path) -> Town:
        made.append(Town(path))
        return made[-1]

    yield make
    for town in made:
        await town.close()


@pytest.fixture
async def town(empty_town: Town) -> Town:
    """Hub and authority, childcare and tax; both know the same three people, tax has records of the first two."""
    await empty_town.start()
    numbers = await empty_town.my_numbers(3)
    for party in ("childcare", "tax"):
        await empty_town.start_node(party)
        await empty_town.acquire(party, numbers)
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0), empty_town.tax_replica(1)])
    return empty_town


class SpoiltHub(HubServiceServicer, DirectoryServiceServicer):
    """Serves the production contract to one node. ``exchange`` answers as a test wants; announcements are counted."""

    def __init__(self, folder: PartyFolder) -> None:
        self.revocation_list = (folder.path / "revoked.pem").read_bytes()
        self.endpoints: list[str] = []
        self.announced = asyncio.Event()
        self.inquiries: list[bytes] = []
        self.exchange: Callable[[hub_pb2.ExchangeRequest], Awaitable[hub_pb2.ExchangeResponse]] | None = None

    async def Exchange(self, request: hub_pb2.ExchangeRequest, context: Any) -> hub_pb2.ExchangeResponse:
        self.inquiries.append(request.inquiry.SerializeToString())
        assert self.exchange is not None
        return await self.exchange(request)

    async def ExchangeStream(
        self, request_iterator: AsyncIterator[hub_pb2.ExchangeStreamRequest], context: Any
    ) -> AsyncIterator[hub_pb2.ExchangeStreamResponse]:
        async def handle(request: hub_pb2.ExchangeRequest, left: float) -> hub_pb2.ExchangeResponse:
            return await self.Exchange(request, context)

        async for response in serve_calls(
            request_iterator,
            handle=handle,
            reply_type=hub_pb2.ExchangeReply,
            response_type=hub_pb2.ExchangeStreamResponse,
        ):
            yield response

    async def ExchangeBulk(
        self, request_iterator: AsyncIterator[hub_pb2.ExchangeBulkRequest], context: Any
    ) -> AsyncIterator[hub_pb2.ExchangeBulkResponse]:
        """As a hub that was built before bulk inquiries were."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        yield hub_pb2.ExchangeBulkResponse()

    async def ConvertIssuedCodes(
        self, request: hub_pb2.ConvertIssuedCodesRequest, context: Any
    ) -> hub_pb2.ConvertIssuedCodesResponse:
        raise WarifuError(Reason.INTERNAL)

    async def RotateCodes(self, request: hub_pb2.RotateCodesRequest, context: Any) -> hub_pb2.RotateCodesResponse:
        raise WarifuError(Reason.INTERNAL)

    async def ProveConversions(
        self, request: hub_pb2.ProveConversionsRequest, context: Any
    ) -> hub_pb2.ProveConversionsResponse:
        raise WarifuError(Reason.INTERNAL)

    async def ListVersions(
        self, request: directory_pb2.ListVersionsRequest, context: Any
    ) -> directory_pb2.ListVersionsResponse:
        return directory_pb2.ListVersionsResponse(newest_version=request.held_version)

    async def FollowVersions(
        self, request: directory_pb2.FollowVersionsRequest, context: Any
    ) -> AsyncIterator[directory_pb2.FollowVersionsResponse]:
        yield directory_pb2.FollowVersionsResponse(directory_version=1)
        await asyncio.Event().wait()

    async def ListEntries(
        self, request: directory_pb2.ListEntriesRequest, context: Any
    ) -> directory_pb2.ListEntriesResponse:
        raise WarifuError(Reason.INTERNAL)

    async def AnnounceEndpoint(
        self, request: directory_pb2.AnnounceEndpointRequest, context: Any
    ) -> directory_pb2.AnnounceEndpointResponse:
        self.endpoints.append(request.endpoint)
        self.announced.set()
        return directory_pb2.AnnounceEndpointResponse()

    async def GetRevocationList(
        self, request: directory_pb2.GetRevocationListRequest, context: Any
    ) -> directory_pb2.GetRevocationListResponse:
        return directory_pb2.GetRevocationListResponse(revocation_list_pem=self.revocation_list)


class SpoiltTown(Town):
    """The real authority and nodes, but the hub of the nodes is spoilt."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.spoilt = SpoiltHub(self.folder("hub"))
        self._server: grpc.aio.Server | None = None

    async def start_spoilt(self, endpoint: str | None = None) -> None:
        folder = self.folder("hub")
        self._server, port = build_server(
            credential=folder.credential(),
            root_pem=folder.root_pem(),
            access=dict.fromkeys({**HUB_ACCESS, **DIRECTORY_ACCESS}, EVERY_ROLE),
            services=[
                (add_HubServiceServicer_to_server, self.spoilt),
                (add_DirectoryServiceServicer_to_server, self.spoilt),
            ],
            revoked=frozenset,
            listen=endpoint or "127.0.0.1:0",
        )
        await self._server.start()
        self.hub_endpoint = f"127.0.0.1:{port}"

    async def stop_spoilt(self) -> None:
        if self._server is not None:
            await self._server.stop(0)
            self._server = None

    async def close(self) -> None:
        await super().close()
        await self.stop_spoilt()


@pytest.fixture
async def spoilt_town(made_network: Path, tmp_path: Path) -> AsyncIterator[SpoiltTown]:
    """Childcare's node knows three people; the hub it talks to is spoilt."""
    town = SpoiltTown(shutil.copytree(made_network, tmp_path / "net"))
    await town.start()
    numbers = await town.my_numbers(3)
    await town.start_node("childcare")
    await town.acquire("childcare", numbers)
    await town.stop_node("childcare")
    await town.stop_hub()
    await town.start_spoilt()
    await town.start_node("childcare")
    yield town
    await town.close()


@pytest.fixture
def refused() -> Callable[[Awaitable[Any]], Awaitable[WarifuError]]:
    """Await a call that must be refused; the error as the caller gets it."""

    async def error_of(call: Awaitable[Any]) -> WarifuError:
        with pytest.raises(WarifuError) as caught:
            await call
        return caught.value

    return error_of


@pytest.fixture
def clock() -> SystemClock:
    """The machine's clock."""
    return SystemClock()


@pytest.fixture
async def peer() -> AsyncIterator[Callable[[Connection], PeerChannel]]:
    """Makes channels for calls that no client has a method for."""
    made: list[PeerChannel] = []

    def make(connection: Connection) -> PeerChannel:
        made.append(
            PeerChannel(
                connection.endpoint,
                credential=CredentialFiles(connection.certificate, connection.private_key),
                root_pem=connection.root_pem(),
                expect=connection.expect,
            )
        )
        return made[-1]

    yield make
    for channel in made:
        await channel.close()
