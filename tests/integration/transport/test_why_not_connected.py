"""A call that finds no connection says why, in its reason and its words, and surely did not happen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.pki import Credential, Role, Root
from warifu.rpc.blocking import BlockingPeerChannel
from warifu.rpc.channel import PeerChannel

Call = Callable[..., Awaitable[Any]]
Case = Callable[[Any], Awaitable[dict[str, Any]]]
NOW = datetime.now(UTC)


def issued(wire: Any, role: Role, number: int, begins: timedelta, days: int = 2) -> Credential:
    """A certificate that begins so far from now."""
    root = Root(wire.root._certificate, wire.root._key, ManualClock(NOW + begins))
    return root.issue(wire.identity(role, number), days)


@pytest.fixture(params=["event loop", "blocking"])
async def call(request: pytest.FixtureRequest, wire: Any) -> AsyncIterator[Call]:
    """Make one call as an agency, on a channel of either kind, changed as told."""
    peers: list[Any] = []

    async def made(target: str, timeout: float = 5.0, **changes: Any) -> str:
        settings = {
            "credential": wire.issue(Role.AGENCY, 1),
            "root_pem": wire.root.cert_pem,
            "expect": wire.hub.identity,
            **changes,
        }
        if request.param == "event loop":
            peers.append(peer := PeerChannel(target, **settings))
            (answer,) = await peer.stub(wire.caller).call("Echo", "hello", timeout=timeout)
            return str(answer)
        peers.append(blocking := BlockingPeerChannel(target, **settings))
        message = wire.text("hello").SerializeToString()
        echo = blocking.unary_unary("/test.Probe/Echo")
        with wire.translated():
            return str(wire.read(await asyncio.to_thread(echo, message, timeout=timeout)))

    yield made
    for peer in peers:
        closed = peer.close()
        if closed is not None:
            await closed


@asynccontextmanager
async def listening(answer: Callable[[asyncio.StreamWriter], None]) -> AsyncIterator[str]:
    """A program that is no party."""

    accepted: list[asyncio.StreamWriter] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        answer(writer)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield "{}:{}".format(*server.sockets[0].getsockname())
        for writer in accepted:
            writer.transport.abort()


async def failure(called: Awaitable[Any]) -> WarifuError:
    with pytest.raises(WarifuError) as failed:
        await called
    assert failed.value.definite
    return failed.value


async def test_a_call_to_a_party_is_answered(wire: Any, call: Call) -> None:
    assert await call(await wire.serve()) == "hello"


async def test_where_nobody_listens(call: Call) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = await failure(call(f"127.0.0.1:{free.getsockname()[1]}"))
    assert (error.reason, error.debug) == (Reason.NOT_CONNECTED, "nobody listens there")
    assert error.where.startswith("hub at 127.0.0.1:")


async def test_a_name_that_nobody_knows(call: Call) -> None:
    error = await failure(call("no-such-host.invalid:7400"))
    assert (error.reason, error.debug) == (Reason.NOT_CONNECTED, "no such name is known")


async def test_who_accepts_and_says_nothing_costs_no_more_than_the_calls_own_deadline(call: Call) -> None:
    async with listening(lambda _: None) as target:
        error = await failure(call(target, timeout=0.3))
    assert (error.reason, error.debug) == (Reason.NOT_CONNECTED, "no answer within 0.3 s")


async def test_who_hangs_up_in_the_handshake(call: Call) -> None:
    async with listening(lambda writer: writer.close()) as target:
        error = await failure(call(target))
    assert error.reason is Reason.NOT_CONNECTED
    assert "during the handshake" in error.debug


async def test_a_proxy_or_another_program(call: Call) -> None:
    async with listening(lambda writer: writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as target:
        error = await failure(call(target))
    assert error.reason is Reason.PEER_NOT_TRUSTED
    assert "a proxy" in error.debug


SERVERS: dict[str, tuple[Callable[[Any], Credential], str]] = {
    "expired": (lambda wire: issued(wire, Role.HUB, 0, timedelta(days=-9)), "past its date; this machine's clock says"),
    "not yet valid": (lambda wire: issued(wire, Role.HUB, 0, timedelta(days=9)), "not valid yet; this machine's clock"),
    "another party": (lambda wire: wire.issue(Role.HUB, 8), "another party answers there"),
    "another network": (
        lambda wire: Root.create("dev", wire.clock).issue(wire.identity(Role.HUB, 0)),
        "of another network",
    ),
}


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_that_is_not_to_be_trusted(wire: Any, call: Call, server: str) -> None:
    credential, words = SERVERS[server]
    error = await failure(call(await wire.serve(credential=credential(wire))))
    assert error.reason is Reason.PEER_NOT_TRUSTED
    assert words in error.debug
    assert wire.probe.seen == []


CALLERS: dict[str, tuple[Callable[[Any], Credential], str]] = {
    "expired": (lambda wire: issued(wire, Role.AGENCY, 1, timedelta(days=-9)), "own certificate ended on"),
    "not yet valid": (lambda wire: issued(wire, Role.AGENCY, 1, timedelta(days=9)), "own certificate begins on"),
    "another network": (
        lambda wire: Root.create("dev", wire.clock).issue(wire.identity(Role.AGENCY, 1)),
        "own certificate is of another network",
    ),
}


@pytest.mark.parametrize("caller", CALLERS)
async def test_a_caller_that_nobody_could_accept(wire: Any, call: Call, caller: str) -> None:
    credential, words = CALLERS[caller]
    error = await failure(call(await wire.serve(), credential=credential(wire)))
    assert error.reason is Reason.OWN_CERTIFICATE_INVALID
    assert words in error.debug


async def test_a_party_that_does_not_accept_the_caller(wire: Any, call: Call) -> None:
    elsewhere = Root.create("dev", wire.clock).cert_pem
    error = await failure(call(await wire.serve(root_pem=elsewhere)))
    assert error.reason is Reason.NOT_CONNECTED
    assert "ended before it was ready" in error.debug


async def test_a_server_whose_certificate_was_taken_back_is_not_called(wire: Any, call: Call) -> None:
    error = await failure(call(await wire.serve(), revoked=lambda: frozenset({wire.hub.serial})))
    assert (error.reason, error.debug) == (Reason.PEER_NOT_TRUSTED, "its certificate was taken back")
    assert wire.probe.seen == []


async def test_an_address_that_another_program_has_and_one_that_nobody_can_have(wire: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(WarifuError) as refused:
            await wire.serve(listen=listen)
    assert (refused.value.reason, refused.value.where) == (Reason.ADDRESS_IN_USE, f"listen {listen}")
    for listen, words in (
        ("no-such-host.invalid:0", "no such name is known"),
        ("192.0.2.1:0", "is no address of this"),
    ):
        with pytest.raises(WarifuError) as refused:
            await wire.serve(listen=listen)
        assert refused.value.reason is Reason.CONFIG_INVALID
        assert words in refused.value.where
