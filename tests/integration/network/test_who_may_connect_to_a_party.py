"""Whom a hub process and a node process talk to, with everything wrong that one could connect with."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.clock import ManualClock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.pki import Credential, Identity, Role, Root, write_public_file
from warifu.rpc.channel import secure_channel
from warifu.rpc.status import from_rpc_error
from warifu_kit.network.custody import _sign_list

BOTH = pytest.mark.parametrize("party", ["hub", "tax"])


async def checked(channel: grpc.aio.Channel) -> None:
    """Ask for health, which everybody of the network may."""
    reply = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING


async def refused_by_tls(calls: Any, channel: grpc.aio.Channel) -> None:
    error = await calls.failed(checked(channel), default={grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE})
    assert error.reason in (Reason.HUB_UNREACHABLE, Reason.NOT_CONNECTED)


@BOTH
async def test_an_institution_of_the_network_is_answered(town: Any, calls: Any, party: str) -> None:
    await checked(calls.to(town, party, caller="insurance"))


@BOTH
async def test_a_certificate_of_another_root_is_refused(town: Any, calls: Any, party: str) -> None:
    identity = town.identity("insurance")
    namesake = Root.create(identity.network, SystemClock()).issue(identity)
    await refused_by_tls(calls, calls.to(town, party, credential=namesake))


@BOTH
async def test_an_expired_certificate_is_refused(town: Any, calls: Any, party: str) -> None:
    long_ago = ManualClock(SystemClock().now() - timedelta(days=3))
    credential = town.issue(Role.AGENCY, town.institution("insurance"), clock=long_ago, days=2)
    await refused_by_tls(calls, calls.to(town, party, credential=credential))


@BOTH
async def test_a_certificate_that_is_not_valid_yet_is_refused(town: Any, calls: Any, party: str) -> None:
    soon = ManualClock(SystemClock().now() + timedelta(minutes=20))
    credential = town.issue(Role.AGENCY, town.institution("insurance"), clock=soon)
    await refused_by_tls(calls, calls.to(town, party, credential=credential))


@BOTH
async def test_nobody_is_answered_without_a_certificate_or_without_tls(town: Any, calls: Any, party: str) -> None:
    bare = grpc.ssl_channel_credentials(town.folder("hub").root_pem())
    options = [("grpc.ssl_target_name_override", town.identity(party).dns_name)]
    await refused_by_tls(calls, calls.keep(grpc.aio.secure_channel(town.endpoints[party], bare, options=options)))
    await refused_by_tls(calls, calls.keep(grpc.aio.insecure_channel(town.endpoints[party])))


@BOTH
async def test_a_certificate_with_two_names_or_none_is_nobody(town: Any, calls: Any, party: str) -> None:
    uris = [x509.UniformResourceIdentifier(town.identity(each).uri) for each in ("insurance", "childcare")]
    dns = x509.DNSName(town.identity("insurance").dns_name)
    for names in ([*uris, dns], [uris[0], uris[0]], [dns], [], [x509.UniformResourceIdentifier("https://x.test/")]):
        error = await calls.failed(checked(calls.to(town, party, credential=town.odd(*names))))
        assert (error.reason, error.where) == (Reason.CALLER_NOT_IDENTIFIED, "certificate")


@BOTH
async def test_an_institution_of_another_network_is_nobody(town: Any, calls: Any, party: str) -> None:
    elsewhere = Identity(network="elsewhere", role=Role.AGENCY, institution=town.institution("insurance"))
    credential = town.odd(x509.UniformResourceIdentifier(elsewhere.uri))
    assert (await calls.failed(checked(calls.to(town, party, credential=credential)))).reason is (
        Reason.CALLER_NOT_IDENTIFIED
    )


@BOTH
async def test_nobody_stands_in_for_a_party(town: Any, calls: Any, party: str) -> None:
    """Who calls a party pins whom it means: another party at its address is not spoken to."""
    other = "tax" if party == "hub" else "hub"
    channel = secure_channel(
        town.endpoints[other],
        credential=town.credential("insurance"),
        root_pem=town.folder("hub").root_pem(),
        expect=town.identity(party),
    )
    await refused_by_tls(calls, calls.keep(channel))


async def test_an_inquiry_sent_with_another_institutions_certificate_is_refused(
    town: Any, calls: Any, overheard: Any, ask_of: Any
) -> None:
    stub: Any = HubServiceStub(calls.to(town, caller="insurance"))
    request = hub_pb2.ExchangeRequest(inquiry=ask_of(town).inquiry())
    error = await calls.failed(stub.Exchange(request, timeout=10))
    assert (error.reason, error.where) == (Reason.CALLER_NOT_IDENTIFIED, "inquiry.context.inquirer")


@pytest.mark.parametrize("caller", ["childcare/business", "tax", "hub", "supervisor"])
async def test_a_node_serves_its_own_business_system_and_no_other_caller(town: Any, calls: Any, caller: str) -> None:
    stub: Any = NodeServiceStub(calls.to(town, "tax", caller=caller))
    call = stub.ListPendingProvisions(node_pb2.ListPendingProvisionsRequest(), timeout=10)
    assert (await calls.failed(call)).reason is Reason.CALLER_NOT_ALLOWED


async def until_revoked(channel: grpc.aio.Channel) -> WarifuError:
    async with asyncio.timeout(10):
        while True:
            try:
                await checked(channel)
            except grpc.aio.AioRpcError as error:
                return from_rpc_error(error, default={})
            await asyncio.sleep(0.1)


@BOTH
async def test_a_certificate_taken_back_is_refused_by_a_running_party_on_an_open_connection(
    town: Any, calls: Any, party: str
) -> None:
    credential: Credential = town.issue(Role.AGENCY, town.institution("insurance"))
    channel = calls.to(town, party, credential=credential)
    await checked(channel)
    _sign_list(town.path, [credential.serial], SystemClock())
    assert (await until_revoked(channel)).reason is Reason.CALLER_REVOKED
    await checked(calls.to(town, party, caller="insurance"))


async def test_a_list_that_nobody_signed_takes_nothing_back_and_gives_nothing_back(town: Any, calls: Any) -> None:
    credential: Credential = town.issue(Role.AGENCY, town.institution("insurance"))
    channel = calls.to(town, credential=credential)
    _sign_list(town.path, [credential.serial], SystemClock())
    await until_revoked(channel)
    signed, log = town.path / "hub" / "revoked.pem", town.path / "hub" / "party.log"
    good = signed.read_bytes()
    foreign = Root.create(town.identity("hub").network, SystemClock()).revocation_list([], SystemClock())
    for bad in (good[: len(good) // 2], foreign):
        told = log.read_bytes().count(b"REVOCATION_LIST_REFUSED")
        write_public_file(signed, bad)
        async with asyncio.timeout(10):
            while log.read_bytes().count(b"REVOCATION_LIST_REFUSED") == told:
                error = await calls.failed(checked(channel))
                assert error.reason is Reason.CALLER_REVOKED
                await asyncio.sleep(0.05)
    await checked(calls.to(town, caller="insurance"))
    write_public_file(signed, good)


async def test_an_open_stream_ends_when_its_callers_certificate_is_taken_back(
    town: Any, calls: Any, ask_of: Any
) -> None:
    credential: Credential = town.issue(Role.AGENCY, town.institution("childcare"))
    channel = calls.to(town, credential=credential)
    stub: Any = HubServiceStub(channel)
    stream = stub.ExchangeStream(timeout=20)
    request = hub_pb2.ExchangeRequest(inquiry=ask_of(town).inquiry())
    message = hub_pb2.ExchangeStreamRequest(
        calls=[hub_pb2.ExchangeCall(call_number=1, timeout_ms=5000, request=request)]
    )
    await stream.write(message)
    assert (await stream.read()).replies[0].WhichOneof("end") == "response"
    _sign_list(town.path, [credential.serial], SystemClock())
    await until_revoked(channel)

    async def read() -> None:
        await stream.read()

    assert (await calls.failed(read())).reason is Reason.CALLER_REVOKED
