"""Replacing certificates while everything runs. ``wire`` is a hub's server; see the conftest beside this file."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from warifu.pki import CredentialFiles, Role, write_public_file
from warifu.rpc.channel import ChannelPool, PeerChannel


@pytest.fixture
def hub_files(wire: Any, tmp_path: Path) -> CredentialFiles:
    wire.hub.save(tmp_path / "hub.pem", tmp_path / "hub.key")
    return CredentialFiles(tmp_path / "hub.pem", tmp_path / "hub.key", check_every_s=0)


@pytest.fixture
def agency_files(wire: Any, tmp_path: Path) -> CredentialFiles:
    wire.issue(Role.AGENCY, 1).save(tmp_path / "agency.pem", tmp_path / "agency.key")
    return CredentialFiles(tmp_path / "agency.pem", tmp_path / "agency.key", check_every_s=0)


async def serial_served(wire: Any, target: str, tmp_path: Path) -> int:
    """The serial number of the certificate that a new connection is shown."""
    wire.issue(Role.AGENCY, 9).save(tmp_path / "look.pem", tmp_path / "look.key")
    context = ssl.create_default_context(cadata=wire.root.cert_pem.decode())
    context.load_cert_chain(tmp_path / "look.pem", tmp_path / "look.key")
    context.set_alpn_protocols(["h2"])
    host, port = target.split(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=wire.hub.identity.dns_name)
    shown = x509.load_der_x509_certificate(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    writer.close()
    return shown.serial_number


async def test_a_server_shows_its_new_certificate_and_keeps_its_old_connections(
    wire: Any, hub_files: CredentialFiles, tmp_path: Path
) -> None:
    ports: list[str] = []

    def note(text: str, context: Any) -> str:
        ports.append(context.peer())
        return text

    wire.probe.act = note
    target = await wire.serve(credential=hub_files)
    stub = wire.connect(target)
    await stub.call("Echo", "before")
    assert await serial_served(wire, target, tmp_path) == wire.hub.serial
    renewed = wire.issue(Role.HUB, 0)
    renewed.save(tmp_path / "hub.pem", tmp_path / "hub.key")
    assert await serial_served(wire, target, tmp_path) == renewed.serial
    await stub.call("Echo", "after")
    assert ports[0] == ports[1]
    assert await wire.connect(target).call("Echo", "new connection") == ["new connection"]


async def test_a_server_whose_new_files_are_bad_goes_on_with_the_old_pair(
    wire: Any, hub_files: CredentialFiles, tmp_path: Path
) -> None:
    target = await wire.serve(credential=hub_files)
    write_public_file(tmp_path / "hub.pem", b"half a certif")
    assert await serial_served(wire, target, tmp_path) == wire.hub.serial
    assert await wire.connect(target).call("Echo", "a") == ["a"]


async def test_a_callers_new_calls_go_out_under_its_new_certificate_while_its_old_stream_runs_on(
    wire: Any, agency_files: CredentialFiles, tmp_path: Path
) -> None:
    target = await wire.serve()
    peer = PeerChannel(
        target, credential=agency_files, root_pem=wire.root.cert_pem, expect=wire.hub.identity, drain_s=3600
    )
    old = await peer.channel()
    assert await peer.channel() is old
    stream = wire.stub(old).talk()
    await stream.write(wire.text("one"))
    assert (await stream.read()).value == "one"
    first = agency_files.current().serial
    renewed = wire.issue(Role.AGENCY, 1)
    renewed.save(tmp_path / "agency.pem", tmp_path / "agency.key")
    assert await peer.channel() is not old
    assert peer.generation == 1
    await wire.stub(await peer.channel()).call("Echo", "two")
    await stream.write(wire.text("three"))
    assert (await stream.read()).value == "three"
    await stream.done_writing()
    assert [(seen.serial, text) for seen, text in wire.probe.seen] == [
        (first, "one"),
        (renewed.serial, "two"),
        (first, "three"),
    ]
    await peer.close()


async def test_a_replaced_channel_is_closed_after_its_time(
    wire: Any, agency_files: CredentialFiles, tmp_path: Path
) -> None:
    peer = PeerChannel(
        await wire.serve(),
        credential=agency_files,
        root_pem=wire.root.cert_pem,
        expect=wire.hub.identity,
        drain_s=0,
    )
    stream = wire.stub(await peer.channel()).talk()
    await stream.write(wire.text("one"))
    assert (await stream.read()).value == "one"
    wire.issue(Role.AGENCY, 1).save(tmp_path / "agency.pem", tmp_path / "agency.key")
    assert await wire.stub(await peer.channel()).call("Echo", "two") == ["two"]
    await wire.until(stream.done)
    await peer.close()


async def test_a_stub_may_be_kept_and_follows_the_certificate(
    wire: Any, agency_files: CredentialFiles, tmp_path: Path
) -> None:
    pool = ChannelPool(credential=agency_files, root_pem=wire.root.cert_pem)
    peer = pool.peer(wire.hub.identity, await wire.serve())
    stub = peer.stub(type(wire).caller)
    assert peer.stub(type(wire).caller) is stub
    first, renewed = agency_files.current().serial, wire.issue(Role.AGENCY, 1)
    assert await stub.call("Echo", "a") == ["a"]
    renewed.save(tmp_path / "agency.pem", tmp_path / "agency.key")
    assert await stub.call("Echo", "b") == ["b"]
    assert [seen.serial for seen, _ in wire.probe.seen] == [first, renewed.serial]
    await pool.close()


async def test_a_pool_keeps_one_channel_per_peer_and_address(wire: Any, agency_files: CredentialFiles) -> None:
    pool = ChannelPool(credential=agency_files, root_pem=wire.root.cert_pem)
    hub, other = wire.hub.identity, wire.identity(Role.HUB, 8)
    assert pool.peer(hub, "127.0.0.1:1") is pool.peer(hub, "127.0.0.1:1")
    assert pool.peer(hub, "127.0.0.1:1") is not pool.peer(hub, "127.0.0.1:2")
    assert pool.peer(hub, "127.0.0.1:1") is not pool.peer(other, "127.0.0.1:1")
    await pool.close()


async def test_a_server_that_came_back_on_its_port_is_found_again(wire: Any) -> None:
    target = await wire.serve()
    stub = wire.connect(target)
    assert await stub.call("Echo", "a") == ["a"]
    await wire.stop_server()
    await stub.refused()
    await wire.serve(listen=target)
    await wire.until_answered(stub)
