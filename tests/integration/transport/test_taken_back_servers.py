"""A channel talks to one certificate that was looked at, and to none that was taken back, also while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles, Role
from warifu.rpc.blocking import BlockingPeerChannel
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import CallTakenBackError


@pytest.fixture
async def peer(wire: Any) -> AsyncIterator[Any]:
    """Makes channels of an agency that follow the wire's list."""
    made: list[PeerChannel] = []

    def make(target: str) -> PeerChannel:
        made.append(
            PeerChannel(
                target,
                credential=wire.issue(Role.AGENCY, 1),
                root_pem=wire.root.cert_pem,
                expect=wire.hub.identity,
                revoked=lambda: frozenset(wire.revoked),
            )
        )
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def hub_files(wire: Any, tmp_path: Path) -> CredentialFiles:
    wire.hub.save(tmp_path / "hub.pem", tmp_path / "hub.key")
    return CredentialFiles(tmp_path / "hub.pem", tmp_path / "hub.key", check_every_s=0)


async def not_trusted(called: Any) -> None:
    with pytest.raises(WarifuError) as failed:
        await called
    assert (failed.value.reason, failed.value.debug) == (Reason.PEER_NOT_TRUSTED, "its certificate was taken back")


async def test_a_list_that_comes_while_connected_ends_the_calls_and_lets_none_begin(wire: Any, peer: Any) -> None:
    to_hub = peer(await wire.serve())
    stub = to_hub.stub(wire.caller)
    assert await stub.call("Echo", "one") == ["one"]
    stream = wire.caller(await to_hub.channel()).talk()
    await stream.write(wire.text("two"))
    assert (await stream.read()).value == "two"
    wire.revoked.add(wire.hub.serial)
    await not_trusted(stub.call("Echo", "three"))
    await wire.until(stream.done)
    await not_trusted(stub.call("Echo", "four"))
    assert [text for _, text in wire.probe.seen] == ["one", "two"]


@pytest.mark.parametrize("shape", ["Echo", "Yield", "Collect", "Talk"])
async def test_a_call_that_ends_with_its_channel_is_no_cancelling_of_whoever_waits(
    wire: Any, peer: Any, shape: str
) -> None:
    """gRPC raises CancelledError, and what waits for the call would end as if it had been told to."""
    arrived = asyncio.Event()

    async def never() -> str:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    wire.probe.act = lambda text, context: never()
    to_hub = peer(await wire.serve())
    waiting = asyncio.create_task(to_hub.stub(wire.caller).call(shape, "one"))
    await arrived.wait()
    wire.revoked.add(wire.hub.serial)
    with pytest.raises(WarifuError):
        to_hub.check()
    with pytest.raises(CallTakenBackError):
        await waiting
    assert not waiting.cancelled()


async def test_a_server_that_was_given_a_new_certificate_is_called_again(
    wire: Any, peer: Any, hub_files: CredentialFiles, tmp_path: Path
) -> None:
    stub = peer(await wire.serve(credential=hub_files)).stub(wire.caller)
    assert await stub.call("Echo", "one") == ["one"]
    wire.revoked.add(wire.hub.serial)
    await not_trusted(stub.call("Echo", "two"))
    wire.issue(Role.HUB, 0).save(tmp_path / "hub.pem", tmp_path / "hub.key")
    assert await stub.call("Echo", "three") == ["three"]


async def test_a_server_that_came_back_with_another_good_certificate_costs_no_call(wire: Any, peer: Any) -> None:
    target = await wire.serve()
    to_hub = peer(target)
    stub = to_hub.stub(wire.caller)
    assert await stub.call("Echo", "one") == ["one"]
    channel = await to_hub.channel()
    await wire.stop_server()
    await wire.until(lambda: channel.get_state() is not grpc.ChannelConnectivity.READY)
    await wire.serve(credential=wire.issue(Role.HUB, 0), listen=target)
    assert await stub.call("Echo", "two") == ["two"]
    assert to_hub.generation == 1


async def test_a_channel_does_not_follow_a_server_to_a_certificate_that_was_not_looked_at(wire: Any, peer: Any) -> None:
    """The channel under the look trusts that one certificate, so gRPC's own reconnecting cannot go round the list."""
    target = await wire.serve()
    channel = await peer(target).channel()
    await wire.stop_server()
    await wire.until(lambda: channel.get_state() is not grpc.ChannelConnectivity.READY)
    await wire.serve(credential=wire.issue(Role.HUB, 0), listen=target)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await wire.caller(channel).call("Echo", "two")
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_calls_that_come_together_connect_once(wire: Any, peer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    to_hub, made = peer(await wire.serve()), list[Any]()
    make = to_hub._made

    def counted(*about: Any) -> Any:
        made.append(make(*about))
        return made[-1]

    monkeypatch.setattr(to_hub, "_made", counted)
    stub = to_hub.stub(wire.caller)
    assert await asyncio.gather(*(stub.call("Echo", str(n)) for n in range(8))) == [[str(n)] for n in range(8)]
    assert await stub.call("Talk", "a", "b") == ["a", "b"]
    assert len(made) == 1


@pytest.mark.parametrize("shape", ["Yield", "Collect", "Talk"])
async def test_the_first_call_may_be_a_stream(wire: Any, peer: Any, shape: str) -> None:
    assert await peer(await wire.serve()).stub(wire.caller).call(shape, "one")


async def test_who_gives_up_a_call_that_waits_for_its_connection_makes_none(wire: Any, peer: Any) -> None:
    call = asyncio.ensure_future(peer(await wire.serve()).stub(wire.caller).call("Echo", "one"))
    await asyncio.sleep(0)
    call.cancel()
    assert await asyncio.gather(call, return_exceptions=True)
    assert wire.probe.seen == []


async def test_the_blocking_channel_heeds_a_list_that_comes_while_connected(wire: Any) -> None:
    channel = BlockingPeerChannel(
        await wire.serve(),
        credential=wire.issue(Role.AGENCY, 1),
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
        revoked=lambda: frozenset(wire.revoked),
    )
    echo, message = channel.unary_unary("/test.Probe/Echo"), wire.text("one").SerializeToString()
    assert wire.read(await asyncio.to_thread(echo, message, timeout=5)) == "one"
    wire.revoked.add(wire.hub.serial)
    await not_trusted(asyncio.to_thread(echo, message, timeout=5))
    channel.close()
