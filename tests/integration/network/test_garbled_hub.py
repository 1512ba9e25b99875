"""A hub, or an authority, that answers garbage, with its real certificate: those who call it say so by name, and go on."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.api.authority.v1.authority_service_pb2 import AcquireCodesRequest
from warifu.api.directory.v1.directory_service_pb2 import GetRevocationListResponse
from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ProveConversionsRequest, RotateCodesRequest
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.following import RevocationFollower
from warifu.pki import RevocationFile, Role
from warifu.rpc.channel import PeerChannel
from warifu.rpc.server import build_server
from warifu_services.authority.code_conversion import HubConverter
from warifu_services.node.authority_link import GrpcAuthority
from warifu_services.node.hub_link import GrpcRotation, HubContact, HubProofs, StreamedHub
from warifu_services.node.lateness import InContact

HUB = "/warifu.api.hub.v1.HubService"
DIRECTORY = "/warifu.api.directory.v1.DirectoryService"
AUTHORITY = "/warifu.api.authority.v1.AuthorityService"


@dataclass
class Contact:
    """A node's contact with a garbled hub. ``path`` is the node's revocation list."""

    hub: GarbledHub
    peer: PeerChannel
    kept: HubContact
    path: Path
    keeping: asyncio.Task[None]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for a condition; fails when the contact ended."""
        async with asyncio.timeout(15):
            while not holds():  # what is waited for cannot all tell of itself
                assert not self.keeping.done(), self.keeping.exception()
                await asyncio.sleep(0.005)


class GarbledHub:
    """Serves the hub's methods; every answer is these bytes."""

    def __init__(self) -> None:
        self.answer = b"\xff\xff\xff"
        self.announced = self.listed = b"\xff\xff\xff"
        self.announcements = 0
        self.refuses: Reason | None = None
        self.methods = ("Exchange", "ExchangeStream", "ConvertIssuedCodes", "RotateCodes", "ProveConversions")

    async def unary(self, _: bytes, __: Any) -> bytes:
        if self.refuses is not None:
            raise WarifuError(self.refuses, where="encrypted_codes")
        return self.answer

    async def stream(self, messages: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
        async for _message in messages:
            yield self.answer

    async def announce(self, _: bytes, __: Any) -> bytes:
        self.announcements += 1
        return self.announced

    async def lists(self, _: bytes, __: Any) -> bytes:
        return self.listed

    def add_to(self, servicer: Any, to: Any) -> None:
        unary: Any = grpc.unary_unary_rpc_method_handler(servicer.unary)
        stream: Any = grpc.stream_stream_rpc_method_handler(servicer.stream)
        handlers = {name: stream if name.endswith("Stream") else unary for name in self.methods}
        to.add_registered_method_handlers(HUB[1:], handlers)
        directory: dict[str, Any] = {
            "AnnounceEndpoint": grpc.unary_unary_rpc_method_handler(servicer.announce),
            "GetRevocationList": grpc.unary_unary_rpc_method_handler(servicer.lists),
        }
        to.add_registered_method_handlers(DIRECTORY[1:], directory)
        to.add_registered_method_handlers(AUTHORITY[1:], {"AcquireCodes": stream})

    @property
    def access(self) -> dict[str, frozenset[Role]]:
        hub = [f"{HUB}/{name}" for name in self.methods]
        more = [f"{DIRECTORY}/AnnounceEndpoint", f"{DIRECTORY}/GetRevocationList", f"{AUTHORITY}/AcquireCodes"]
        return dict.fromkeys([*hub, *more], frozenset(Role))


@pytest.fixture
async def garbled(lone_hub: Any, calls: Any) -> AsyncIterator[tuple[GarbledHub, PeerChannel]]:
    hub = GarbledHub()
    server, port = build_server(
        credential=lone_hub.credential("hub"),
        root_pem=lone_hub.folder("hub").root_pem(),
        access=hub.access,
        services=[(hub.add_to, hub)],
        revoked=frozenset,
    )
    await server.start()
    calls.closing(lambda: server.stop(0))
    peer = PeerChannel(
        f"127.0.0.1:{port}",
        credential=lone_hub.credential("childcare"),
        root_pem=lone_hub.folder("hub").root_pem(),
        expect=lone_hub.identity("hub"),
    )
    yield hub, peer
    await peer.close()


GARBAGE = [b"\xff\xff\xff", b"\x0a\x05short", secrets.token_bytes(64)[:63] + b"\xff"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=["no field", "a cut field", "noise"])
async def test_a_node_tells_garbage_from_an_answer(
    garbled: tuple[GarbledHub, PeerChannel], calls: Any, garbage: bytes
) -> None:
    hub, peer = garbled
    hub.answer = garbage
    link = StreamedHub(peer)
    error = await calls.failed(link.exchange(SignedInquiry(), 5))
    assert (error.reason, error.definite) == (Reason.HUB_ANSWER_INVALID, False)
    await link.close()


@pytest.mark.parametrize("garbage", GARBAGE, ids=["no field", "a cut field", "noise"])
async def test_the_authority_tells_garbage_from_an_answer(
    garbled: tuple[GarbledHub, PeerChannel], garbage: bytes
) -> None:
    hub, peer = garbled
    hub.answer = garbage
    with pytest.raises(WarifuError) as error:
        await HubConverter(peer).convert(ConvertIssuedCodesRequest(), 5)
    assert error.value.reason is Reason.HUB_ANSWER_INVALID


async def test_a_node_tells_garbage_from_the_authoritys_answer(garbled: tuple[GarbledHub, PeerChannel]) -> None:
    _, peer = garbled
    session = GrpcAuthority(peer).session()
    await session.ask(AcquireCodesRequest())
    with pytest.raises(WarifuError) as error:
        await session.answer()
    assert (error.value.reason, error.value.definite) == (Reason.AUTHORITY_ANSWER_INVALID, False)
    await session.close()


async def test_proofs_that_do_not_parse_are_the_hubs_fault(garbled: tuple[GarbledHub, PeerChannel]) -> None:
    with pytest.raises(WarifuError) as error:
        await HubProofs(garbled[1]).prove_conversions(ProveConversionsRequest(), 5)
    assert error.value.reason is Reason.HUB_ANSWER_INVALID


OF_WHAT_WAS_SENT = [
    Reason.POINT_INVALID,
    Reason.REQUEST_MALFORMED,
    Reason.SUITE_UNKNOWN,
    Reason.SIGNATURE_INVALID,
]


@pytest.mark.parametrize("reason", OF_WHAT_WAS_SENT, ids=lambda reason: reason.name)
async def test_what_the_hub_finds_wrong_with_codes_that_a_node_rotates_is_no_callers_fault(
    garbled: tuple[GarbledHub, PeerChannel], reason: Reason
) -> None:
    hub, peer = garbled
    hub.refuses = reason
    with pytest.raises(WarifuError) as error:
        await GrpcRotation(peer).rotate(RotateCodesRequest(), 5)
    assert (error.value.reason, error.value.entry.status) == (Reason.HUB_ANSWER_INVALID, "INTERNAL")
    assert error.value.where == f"the hub: {reason.value} encrypted_codes"


@pytest.fixture
async def contact(garbled: tuple[GarbledHub, PeerChannel], lone_hub: Any, tmp_path: Path) -> AsyncIterator[Contact]:
    """A node's contact with the garbled hub, kept, with a revocation list of its own."""
    hub, peer = garbled
    folder = lone_hub.folder("hub")
    path = Path(shutil.copy(folder.path / "revoked.pem", tmp_path / "revoked.pem"))
    revocations = RevocationFile(path, folder.root_pem(), SystemClock(), check_every_s=0)
    followed = RevocationFollower(peer, revocations, party="node")
    in_contact = InContact(SystemClock())
    kept = HubContact(peer, endpoint="127.0.0.1:1", revocations=followed, in_contact=in_contact)
    keeping = asyncio.create_task(kept.keep())
    yield Contact(hub, peer, kept, path, keeping)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_a_node_whose_hub_answers_garbage_for_a_while_follows_the_list_afterwards(contact: Contact) -> None:
    await contact.until(lambda: contact.hub.announcements > 1)
    assert contact.kept.fault_fields()["reason"] == "HUB_ANSWER_INVALID"
    assert not contact.kept.announced.is_set(), "nobody knows whether the hub took it"
    contact.hub.announced = b""
    await contact.until(lambda: contact.hub.announcements > 3)
    in_force = contact.path.read_bytes()
    contact.path.unlink()
    contact.hub.listed = GetRevocationListResponse(revocation_list_pem=in_force).SerializeToString()
    await contact.until(contact.path.exists)
    await contact.kept.announced.wait()


async def test_a_node_whose_hub_lost_its_trust_for_a_while_is_in_contact_afterwards(contact: Contact) -> None:
    """The channel is closed under the contact that waits on it."""
    contact.hub.announced = b""
    contact.hub.listed = GetRevocationListResponse(revocation_list_pem=contact.path.read_bytes()).SerializeToString()
    await contact.until(lambda: contact.kept.absence() is None and contact.peer.connected() is not None)
    assert contact.peer._found is not None
    taken_back = {contact.peer._found.names.serial}
    contact.peer._revoked = lambda: frozenset(taken_back)
    with pytest.raises(WarifuError):
        contact.peer.connected()
    await contact.until(lambda: contact.kept.absence() is not None)
    announced = contact.hub.announcements
    taken_back.clear()
    await contact.until(lambda: contact.hub.announcements > announced)
    assert not contact.keeping.done()
