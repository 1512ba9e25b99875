"""A hub that answers garbage, with the hub's real certificate: those who call it say so by name."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.pki import Role
from warifu.rpc.channel import PeerChannel
from warifu.rpc.server import build_server
from warifu_services.authority.code_conversion import HubConverter
from warifu_services.node.hub_link import StreamedHub

HUB = "/warifu.api.hub.v1.HubService"


class GarbledHub:
    """Serves the hub's methods; every answer is these bytes."""

    def __init__(self) -> None:
        self.answer = b"\xff\xff\xff"
        self.methods = ("Exchange", "ExchangeStream", "ConvertIssuedCodes", "RotateCodes")

    async def unary(self, _: bytes, __: Any) -> bytes:
        return self.answer

    async def stream(self, messages: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
        async for _message in messages:
            yield self.answer

    def add_to(self, servicer: Any, to: Any) -> None:
        unary: Any = grpc.unary_unary_rpc_method_handler(servicer.unary)
        stream: Any = grpc.stream_stream_rpc_method_handler(servicer.stream)
        handlers = {name: stream if name.endswith("Stream") else unary for name in self.methods}
        to.add_registered_method_handlers("warifu.api.hub.v1.HubService", handlers)


@pytest.fixture
async def garbled(lone_hub: Any, calls: Any) -> AsyncIterator[tuple[GarbledHub, PeerChannel]]:
    hub = GarbledHub()
    server, port = build_server(
        credential=lone_hub.credential("hub"),
        root_pem=lone_hub.folder("hub").root_pem(),
        access={f"{HUB}/{method}": frozenset(Role) for method in hub.methods},
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
