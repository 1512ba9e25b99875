"""Whom a server talks to, over real sockets. ``wire`` is a hub's server; see the conftest beside this file."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from cryptography import x509

from warifu.errors import Reason, WarifuError
from warifu.pki import Credential, Identity, RevocationFile, Role, Root, write_public_file
from warifu.rpc import lasting
from warifu.rpc.identity import caller
from warifu.rpc.status import from_rpc_error


async def refused_by_tls(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.call("Echo", "hello")
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_an_institution_of_the_network_is_answered_and_known_by_name(wire: Any) -> None:
    callers: list[Identity] = []

    def note(text: str, context: Any) -> str:
        callers.append(caller(context))
        return text

    wire.probe.act = note
    stub = wire.connect(await wire.serve())
    assert await stub.call("Echo", "hello") == ["hello"]
    assert callers == [wire.identity(Role.AGENCY, 1)]


async def test_a_client_of_a_foreign_authority_is_refused(wire: Any) -> None:
    target = await wire.serve()
    namesake = Root.create("dev", wire.clock).issue(wire.identity(Role.AGENCY, 1))
    await refused_by_tls(wire.connect(target, namesake))
    stranger = trustme.CA().issue_cert("agency.test")
    pem = stranger.cert_chain_pems[0].bytes()
    await refused_by_tls(wire.connect(target, Credential(pem, stranger.private_key_pem.bytes(), 1)))
    assert wire.probe.seen == []


async def test_a_client_does_not_talk_to_a_server_of_a_foreign_authority(wire: Any) -> None:
    target = await wire.serve()
    foreign = trustme.CA().cert_pem.bytes()
    await refused_by_tls(wire.connect(target, root_pem=foreign))
    assert wire.probe.seen == []


async def test_a_client_does_not_talk_to_another_institution_than_it_meant(wire: Any) -> None:
    target = await wire.serve()
    for expect in (wire.identity(Role.HUB, 7), wire.identity(Role.AUTHORITY, 0)):
        await refused_by_tls(wire.connect(target, expect=expect))
    assert wire.probe.seen == []


async def test_an_expired_certificate_is_refused(wire: Any) -> None:
    wire.clock.advance(timedelta(days=-3))
    expired = Root.create("dev", wire.clock)
    target = await wire.serve(root_pem=expired.cert_pem + wire.root.cert_pem)
    await refused_by_tls(wire.connect(target, expired.issue(wire.identity(Role.AGENCY, 1), valid_days=2)))
    assert await wire.connect(target, expired.issue(wire.identity(Role.AGENCY, 1))).call("Echo", "a") == ["a"]


async def test_a_certificate_that_is_not_valid_yet_is_refused(wire: Any) -> None:
    target = await wire.serve()
    wire.clock.advance(timedelta(minutes=10))
    await refused_by_tls(wire.connect(target, wire.issue(Role.AGENCY, 1)))


async def test_a_client_without_tls_is_refused(wire: Any) -> None:
    target = await wire.serve()
    await refused_by_tls(wire.stub(grpc.aio.insecure_channel(target)))


async def test_a_client_without_a_certificate_is_refused(wire: Any) -> None:
    target = await wire.serve()
    options = [("grpc.ssl_target_name_override", wire.hub.identity.dns_name)]
    bare = grpc.ssl_channel_credentials(wire.root.cert_pem)
    await refused_by_tls(wire.stub(grpc.aio.secure_channel(target, bare, options=options)))


async def shake_hands(wire: Any, target: str, version: ssl.TLSVersion) -> str | None:
    """Connect with exactly this version of TLS; gives the version that was agreed on."""
    credential = wire.issue(Role.AGENCY, 1)
    credential.save(wire.folder / "c.pem", wire.folder / "c.key")
    context = ssl.create_default_context(cadata=wire.root.cert_pem.decode())
    context.load_cert_chain(wire.folder / "c.pem", wire.folder / "c.key")
    context.set_alpn_protocols(["h2"])
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what makes the older ones worth trying
        context.minimum_version = context.maximum_version = version
    host, port = target.split(":")
    name = wire.hub.identity.dns_name
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname=name)
    agreed: str | None = writer.get_extra_info("ssl_object").version()
    await reader.read(1)
    writer.close()
    return agreed


async def test_tls_is_1_2_or_later(wire: Any) -> None:
    target = await wire.serve()
    assert await shake_hands(wire, target, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert await shake_hands(wire, target, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await shake_hands(wire, target, ssl.TLSVersion.TLSv1_1)


async def test_a_certificate_with_no_uri_or_two_is_no_identity(wire: Any) -> None:
    target = await wire.serve()
    own = wire.identity(Role.AGENCY, 1)
    uri, dns = x509.UniformResourceIdentifier(own.uri), x509.DNSName(own.dns_name)
    other = x509.UniformResourceIdentifier(wire.identity(Role.AGENCY, 2).uri)
    for names in ([], [dns], [uri, other, dns], [uri, uri], [x509.UniformResourceIdentifier("https://x.test/")]):
        refused = await wire.connect(target, wire.odd(*names)).refused()
        assert (refused.reason, refused.where) == (Reason.CALLER_NOT_IDENTIFIED, "certificate")
    assert wire.probe.seen == []
    assert {line["reason"] for line in wire.logged()} == {"CALLER_NOT_IDENTIFIED"}


async def test_an_institution_of_another_network_is_refused(wire: Any) -> None:
    target = await wire.serve()
    elsewhere = Identity(network="other", role=Role.AGENCY, institution=wire.identity(Role.AGENCY, 1).institution)
    credential = wire.odd(x509.UniformResourceIdentifier(elsewhere.uri))
    assert (await wire.connect(target, credential).refused()).reason is Reason.CALLER_NOT_IDENTIFIED
    assert wire.probe.seen == []


@pytest.mark.parametrize("shape", ["Echo", "Yield", "Write", "Collect", "Talk"])
async def test_a_role_that_the_table_does_not_name_may_not_call(wire: Any, shape: str) -> None:
    every = ("Echo", "Yield", "Write", "Collect", "Talk")
    target = await wire.serve(access={f"/test.Probe/{name}": frozenset({Role.AUTHORITY}) for name in every})
    refused = await wire.connect(target).refused(shape)
    assert (refused.reason, refused.where) == (Reason.CALLER_NOT_ALLOWED, f"/test.Probe/{shape}")
    assert wire.probe.seen == []
    authority = wire.issue(Role.AUTHORITY, 2)
    assert await wire.connect(target, authority).call(shape, "a")


@pytest.mark.parametrize("shape", ["Echo", "Yield", "Write", "Collect", "Talk"])
async def test_a_certificate_that_was_taken_back_is_refused_from_the_next_call_on(wire: Any, shape: str) -> None:
    credential = wire.issue(Role.AGENCY, 1)
    stub = wire.connect(await wire.serve(), credential)
    assert await stub.call(shape, "a")
    wire.revoked.add(credential.serial)
    assert (await stub.refused(shape)).reason is Reason.CALLER_REVOKED
    assert [text for _, text in wire.probe.seen] == ["a"]


async def test_a_new_revocation_list_takes_effect_on_an_open_connection(wire: Any, tmp_path: Path) -> None:
    path, credential = tmp_path / "revoked.pem", wire.issue(Role.AGENCY, 1)
    write_public_file(path, wire.root.revocation_list([], wire.clock))
    followed = RevocationFile(path, wire.root.cert_pem, wire.clock, check_every_s=0)
    stub = wire.connect(await wire.serve(revoked=followed.revoked), credential)
    assert await stub.call("Echo", "a") == ["a"]
    wire.clock.advance(timedelta(seconds=1))
    write_public_file(path, wire.root.revocation_list([credential.serial], wire.clock))
    assert (await stub.refused()).reason is Reason.CALLER_REVOKED
    renewed = wire.connect(await wire.serve(revoked=followed.revoked), wire.issue(Role.AGENCY, 1))
    assert await renewed.call("Echo", "b") == ["b"]


@pytest.mark.parametrize("shape", ["Yield", "Collect", "Talk"])
async def test_a_stream_ends_when_its_senders_certificate_is_taken_back(wire: Any, shape: str) -> None:
    credential = wire.issue(Role.AGENCY, 1)

    def take_back(text: str, context: Any) -> str:
        wire.revoked.add(credential.serial)
        return text

    wire.probe.act = take_back
    refused = await wire.connect(await wire.serve(), credential).refused(shape, "a", "b", "c")
    assert refused.reason is Reason.CALLER_REVOKED
    assert [text for _, text in wire.probe.seen] == ["a"]


@pytest.fixture
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "LOOK_AGAIN_S", 0.01)


@pytest.mark.usefixtures("looked_at_often")
@pytest.mark.parametrize("shape", ["Yield", "Write", "Collect", "Talk"])
async def test_a_stream_on_which_nothing_more_is_said_ends_when_the_callers_certificate_is_taken_back(
    wire: Any, shape: str
) -> None:
    credential, stopped = wire.issue(Role.AGENCY, 1), asyncio.Event()

    async def say_nothing() -> str:
        try:
            wire.revoked.add(credential.serial)
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    wire.probe.act = lambda text, context: say_nothing()
    refused = await wire.connect(await wire.serve(), credential).refused(shape, "a")
    assert (refused.reason, refused.where) == (Reason.CALLER_REVOKED, "certificate")
    assert stopped.is_set()
    assert [line["reason"] for line in wire.logged() if line["event"] == "call_refused"] == ["CALLER_REVOKED"]


@pytest.mark.usefixtures("looked_at_often")
async def test_a_stream_to_which_nothing_more_is_sent_ends_when_the_senders_certificate_is_taken_back(
    wire: Any,
) -> None:
    credential = wire.issue(Role.AGENCY, 1)
    talk = wire.connect(await wire.serve(), credential).talk(timeout=10)
    await talk.write(wire.text("a"))
    assert (await talk.read()).value == "a"
    wire.revoked.add(credential.serial)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await talk.read()
    assert from_rpc_error(failed.value, default={}).reason is Reason.CALLER_REVOKED


@pytest.mark.usefixtures("looked_at_often")
async def test_a_stream_whose_replies_nobody_reads_is_given_up_when_the_callers_certificate_is_taken_back(
    wire: Any,
) -> None:
    credential = wire.issue(Role.AGENCY, 1)
    poured, stopped = [0], asyncio.Event()

    async def pour(request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            while True:
                poured.append(len(poured))
                yield wire.text("x" * 1_000_000)
        finally:
            stopped.set()

    wire.probe.yield_ = pour
    call = wire.connect(await wire.serve(), credential).unread("Yield", "a")
    seen = 0
    while seen != len(poured) or seen < 2:  # until gRPC takes no more
        seen = len(poured)
        await asyncio.sleep(0.1)
    wire.revoked.add(credential.serial)
    await wire.until(stopped.is_set)
    assert len(poured) == seen
    call.cancel()


@pytest.mark.usefixtures("looked_at_often")
@pytest.mark.parametrize("shape", ["Yield", "Write", "Collect", "Talk"])
async def test_a_stream_that_is_looked_at_again_goes_on_where_nothing_was_taken_back(wire: Any, shape: str) -> None:
    looked = 0

    def revoked() -> frozenset[int]:
        nonlocal looked
        looked += 1
        return frozenset()

    async def answer_later(text: str) -> str:
        before = looked
        await wire.until(lambda: looked > before + 2)
        return text

    wire.probe.act = lambda text, context: answer_later(text)
    assert (await wire.connect(await wire.serve(revoked=revoked)).call(shape, "a"))[0] == "a"


async def test_what_is_refused_first_is_said_first(wire: Any) -> None:
    """Identity before revocation, revocation before access, access before size, size before shape."""
    credential = wire.issue(Role.AGENCY, 1)
    wire.revoked.add(credential.serial)
    nobody: dict[str, frozenset[Role]] = {
        f"/test.Probe/{name}": frozenset() for name in ("Echo", "Yield", "Write", "Collect", "Talk")
    }
    target = await wire.serve(access=nobody)
    too_large_and_malformed = b"\xff" * (5 * 1024 * 1024)
    stub = wire.connect(target, credential)
    assert (await stub.refused("Echo", too_large_and_malformed)).reason is Reason.CALLER_REVOKED
    wire.revoked.clear()
    assert (await stub.refused("Echo", too_large_and_malformed)).reason is Reason.CALLER_NOT_ALLOWED
    stub = wire.connect(await wire.serve(), credential)
    assert (await stub.refused("Echo", too_large_and_malformed)).reason is Reason.REQUEST_TOO_LARGE
    assert (await stub.refused("Echo", b"\xff")).reason is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"/test.Probe/Echo": None}, "/test.Probe/Echo: served, but not in the access table"),
        ({"/test.Probe/Ehco": frozenset(Role)}, "/test.Probe/Ehco: in the access table, but not served"),
        ({"/test.Probe/Unwritten": frozenset(Role)}, "/test.Probe/Unwritten: in the access table, but not served"),
    ],
    ids=["an RPC without a row", "a row without an RPC", "a row for an RPC that the servicer does not write"],
)
async def test_a_table_that_does_not_fit_the_services_refuses_to_start(wire: Any, change: Any, where: str) -> None:
    every = ("Echo", "Yield", "Write", "Collect", "Talk")
    table = {f"/test.Probe/{name}": frozenset(Role) for name in every} | change
    with pytest.raises(WarifuError) as refused:
        await wire.serve(access={method: roles for method, roles in table.items() if roles is not None})
    assert (refused.value.reason, refused.value.where) == (Reason.CONFIG_INVALID, where)


async def test_a_second_server_on_the_same_port_refuses_to_start(wire: Any) -> None:
    target = await wire.serve()
    with pytest.raises(WarifuError) as refused:
        await wire.serve(listen=target)
    assert (refused.value.reason, refused.value.where) == (Reason.ADDRESS_IN_USE, f"listen {target}")
