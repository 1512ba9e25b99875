"""A server whose replies do not parse: every shape of call ends at the edge of the caller, as it would at a server's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf import wrappers_pb2

from warifu.errors import Reason
from warifu.pki import Role
from warifu.rpc.blocking import BlockingPeerChannel
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import UnparsedReplyError, from_rpc_error

Text = wrappers_pb2.StringValue
GARBAGE = b"\xff\xff\xff"
SHAPES = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class Garbler:
    """One RPC of each shape; what it replies is not parsed on its way. The streams begin with a good message."""

    async def one(self, _: Any, __: Any) -> bytes:
        return GARBAGE

    async def several(self, _: Any, __: Any) -> AsyncIterator[bytes]:
        for reply in (Text(value="good").SerializeToString(), GARBAGE, Text(value="after").SerializeToString()):
            yield reply

    def add_to(self, servicer: Any, to: Any) -> None:
        make: dict[str, Any] = {
            "unary_unary": grpc.unary_unary_rpc_method_handler(servicer.one),
            "unary_stream": grpc.unary_stream_rpc_method_handler(servicer.several),
            "stream_unary": grpc.stream_unary_rpc_method_handler(servicer.one),
            "stream_stream": grpc.stream_stream_rpc_method_handler(servicer.several),
        }
        to.add_registered_method_handlers("test.Garbler", make)


@pytest.fixture
async def peer(wire: Any) -> AsyncIterator[PeerChannel]:
    garbler = Garbler()
    made = PeerChannel(
        await wire.serve(
            access={f"/test.Garbler/{shape}": frozenset(Role) for shape in SHAPES},
            services=[(garbler.add_to, garbler)],
        ),
        credential=wire.issue(Role.AGENCY, 1),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
    )
    yield made
    await made.close()


async def iterate(call: Any, got: list[str]) -> None:
    async for reply in call:
        got += [reply.value]


async def read(call: Any, got: list[str]) -> None:
    while True:
        got.append((await call.read()).value)


READING = {"iterating": iterate, "reading": read}


def called(peer: PeerChannel, shape: str) -> Any:
    about = (f"/test.Garbler/{shape}", Text.SerializeToString, Text.FromString)
    method = peer.stub(lambda to: getattr(to, shape)(*about))
    return method(Text(value="a") if shape.startswith("unary") else iter([Text(value="a")]), timeout=10)


@pytest.mark.parametrize("connected", [False, True], ids=["the first call", "a later one"])
@pytest.mark.parametrize("shape", ["unary_unary", "stream_unary"])
async def test_the_only_reply_that_does_not_parse_fails_the_call(
    peer: PeerChannel, shape: str, *, connected: bool
) -> None:
    if connected:
        await peer.channel()
    with pytest.raises(UnparsedReplyError) as failed:
        await called(peer, shape)
    meant = from_rpc_error(failed.value, default={grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID})
    assert (meant.reason, meant.definite) == (Reason.HUB_ANSWER_INVALID, False)


@pytest.mark.parametrize("connected", [False, True], ids=["the first call", "a later one"])
@pytest.mark.parametrize("shape", ["unary_stream", "stream_stream"])
@pytest.mark.parametrize("reading", ["iterating", "reading"])
async def test_a_message_of_a_stream_that_does_not_parse_ends_it_after_those_before(
    peer: PeerChannel, shape: str, reading: str, *, connected: bool
) -> None:
    if connected:
        await peer.channel()
    call, got = called(peer, shape), list[str]()
    with pytest.raises(UnparsedReplyError):
        await READING[reading](call, got)
    assert got == ["good"]


def all_of(method: Any) -> list[Any]:
    """Every reply to one call, of whichever shape."""
    reply = method(Text(value="a"), timeout=10)
    return [reply] if isinstance(reply, Text) else list(reply)


async def test_a_blocking_stub_says_the_same_of_such_a_reply(wire: Any, peer: PeerChannel) -> None:
    channel = BlockingPeerChannel(
        peer._peer.target,
        credential=wire.issue(Role.AGENCY, 1),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
    )
    table = {grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE, grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID}
    for shape in ("unary_unary", "unary_stream"):
        method = getattr(channel, shape)(f"/test.Garbler/{shape}", Text.SerializeToString, Text.FromString)
        with pytest.raises(grpc.RpcError) as failed:
            await asyncio.to_thread(all_of, method)
        assert from_rpc_error(failed.value, default=table).reason is Reason.HUB_ANSWER_INVALID
    channel.close()
