"""A certificate that ends while somebody uses it: on open connections and resumed ones, at a server and at a caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from warifu.errors import Reason, WarifuError
from warifu.pki import Role, identity_of
from warifu.rpc import channel, lasting
from warifu.rpc.blocking import BlockingPeerChannel
from warifu.rpc.channel import PeerChannel

SHAPES = ["Echo", "Yield", "Write", "Collect", "Talk"]
A_YEAR = timedelta(days=365)


@pytest.fixture
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(channel, "LOOK_AGAIN_S", 0.01)


@pytest.mark.parametrize("by", [A_YEAR, -A_YEAR], ids=["ended", "not begun"])
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_certificate_out_of_date_is_refused_from_the_next_call_on(wire: Any, shape: str, by: timedelta) -> None:
    stub = wire.connect(await wire.serve(clock=wire.clock))
    assert await stub.call(shape, "a")
    wire.clock.advance(by)
    refused = await stub.refused(shape)
    assert (refused.reason, refused.where, refused.definite) == (Reason.CALLER_NOT_IN_DATE, "certificate", True)
    assert [text for _, text in wire.probe.seen] == ["a"]


@pytest.mark.parametrize("shape", ["Yield", "Collect", "Talk"])
async def test_a_stream_ends_at_the_first_message_after_its_senders_certificate(wire: Any, shape: str) -> None:
    def end(text: str, context: Any) -> str:
        wire.clock.advance(A_YEAR)
        return text

    wire.probe.act = end
    refused = await wire.connect(await wire.serve(clock=wire.clock)).refused(shape, "a", "b", "c")
    assert refused.reason is Reason.CALLER_NOT_IN_DATE
    assert [text for _, text in wire.probe.seen] == ["a"]


@pytest.mark.usefixtures("looked_at_often")
@pytest.mark.parametrize("shape", ["Yield", "Write", "Collect", "Talk"])
async def test_a_stream_on_which_nothing_more_is_said_ends_with_the_callers_certificate(wire: Any, shape: str) -> None:
    stopped = asyncio.Event()

    async def say_nothing() -> str:
        try:
            wire.clock.advance(A_YEAR)
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    wire.probe.act = lambda text, context: say_nothing()
    refused = await wire.connect(await wire.serve(clock=wire.clock)).refused(shape, "a")
    assert refused.reason is Reason.CALLER_NOT_IN_DATE
    assert stopped.is_set()


async def test_a_session_that_is_resumed_brings_no_ended_certificate_in(wire: Any) -> None:
    """TLS does not look at the certificate of a caller who resumes a session: only the edge does."""
    target = await wire.serve()
    wire.clock.set(datetime.now(UTC))
    credential = wire.issue(Role.AGENCY, 1, valid_days=3 / 86_400)
    ends, cache = identity_of(credential.cert_pem).not_after, cygrpc.SSLSessionCacheLRU(1)

    def resuming(caller: Any) -> Any:
        options = (
            ("grpc.ssl_target_name_override", wire.hub.identity.dns_name),
            ("grpc.ssl_session_cache", cache),
            ("grpc.use_local_subchannel_pool", 1),  # a connection of its own
        )
        trusted = grpc.ssl_channel_credentials(wire.root.cert_pem, caller.key_pem, caller.cert_pem)
        return wire.stub(grpc.aio.secure_channel(target, trusted, options=options))

    def note(text: str, context: Any) -> str:
        resumed.extend(context.auth_context()["ssl_session_reused"])
        return text

    resumed: list[bytes] = []
    wire.probe.act = note
    for _ in range(2):
        assert await resuming(credential).call("Echo", "in date") == ["in date"]
    assert resumed == [b"false", b"true"]
    await wire.until(lambda: datetime.now(UTC) > ends + timedelta(seconds=1))  # the last second counts whole
    assert (await resuming(credential).refused()).reason is Reason.CALLER_NOT_IN_DATE
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await wire.connect(target, credential).call("Echo", "without a session")
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE, "a handshake looks at it"


@pytest.fixture
async def to_hub(wire: Any) -> AsyncIterator[PeerChannel]:
    """An agency's channel to the hub, by the wire's clock."""
    made = PeerChannel(
        await wire.serve(),
        credential=wire.issue(Role.AGENCY, 1, valid_days=2_000),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
        clock=wire.clock,
    )
    yield made
    await made.close()


async def not_trusted(called: Any, words: str) -> None:
    with pytest.raises(WarifuError) as failed:
        await called
    assert (failed.value.reason, failed.value.definite) == (Reason.PEER_NOT_TRUSTED, True)
    assert failed.value.debug.startswith(words)


@pytest.mark.parametrize(
    ("by", "words"),
    [(A_YEAR, "its certificate is past its date"), (-timedelta(days=3), "its certificate is not valid yet")],
)
async def test_a_server_whose_certificate_is_out_of_date_is_called_no_more(
    wire: Any, to_hub: PeerChannel, by: timedelta, words: str
) -> None:
    stub = to_hub.stub(wire.caller)
    assert await stub.call("Echo", "one") == ["one"]
    stream = wire.caller(await to_hub.channel()).talk()
    await stream.write(wire.text("two"))
    assert (await stream.read()).value == "two"
    wire.clock.advance(by)
    if by > timedelta():  # before then the caller's own is no better
        for _ in range(2):
            await not_trusted(stub.call("Echo", "three"), words)
    else:
        await not_trusted(stub.call("Echo", "three"), words)
    await wire.until(stream.done)
    assert [text for _, text in wire.probe.seen] == ["one", "two"]


@pytest.mark.usefixtures("looked_at_often")
async def test_a_stream_on_which_nothing_is_said_ends_with_the_servers_certificate(
    wire: Any, to_hub: PeerChannel
) -> None:
    stream = wire.caller(await to_hub.channel()).talk()
    await stream.write(wire.text("one"))
    assert (await stream.read()).value == "one"
    wire.clock.advance(A_YEAR)
    await wire.until(stream.done)


@pytest.mark.usefixtures("looked_at_often")
async def test_a_stream_on_which_nothing_is_said_ends_when_the_servers_certificate_is_taken_back(wire: Any) -> None:
    revoked: set[int] = set()
    peer = PeerChannel(
        await wire.serve(),
        credential=wire.issue(Role.AGENCY, 1),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
        revoked=lambda: frozenset(revoked),
    )
    stream = wire.caller(await peer.channel()).talk()
    await stream.write(wire.text("one"))
    assert (await stream.read()).value == "one"
    revoked.add(wire.hub.serial)
    await wire.until(stream.done)
    await peer.close()


async def test_the_blocking_channel_heeds_the_end_of_a_servers_certificate(wire: Any) -> None:
    blocking = BlockingPeerChannel(
        await wire.serve(),
        credential=wire.issue(Role.AGENCY, 1, valid_days=2_000),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
        clock=wire.clock,
    )
    echo, message = blocking.unary_unary("/test.Probe/Echo"), wire.text("one").SerializeToString()
    assert wire.read(await asyncio.to_thread(echo, message, timeout=5)) == "one"
    wire.clock.advance(A_YEAR)
    await not_trusted(asyncio.to_thread(echo, message, timeout=5), "its certificate is past its date")
    blocking.close()
