"""Health checks, and callers without an event loop. ``wire`` is a hub's server; see the conftest beside this file."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc  # type: ignore[import-untyped]  # publishes no types

from warifu.errors import Reason
from warifu.pki import Role
from warifu.rpc.channel import secure_channel, secure_channel_sync, wait_until_serving
from warifu.rpc.status import from_rpc_error

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("role", Role)
async def test_every_role_may_ask_for_health(wire: Any, role: Role) -> None:
    target = await wire.serve(services=[], access={})
    settings = {"root_pem": wire.root.cert_pem, "expect": wire.hub.identity}
    async with secure_channel(target, credential=wire.issue(role, 3), **settings) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == SERVING
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == SERVING
        watch.cancel()
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))
        assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_health_is_only_for_those_who_are_somebody(wire: Any) -> None:
    credential = wire.issue(Role.AGENCY, 1)
    wire.revoked.add(credential.serial)
    target = await wire.serve()
    settings = {"root_pem": wire.root.cert_pem, "expect": wire.hub.identity}
    async with secure_channel(target, credential=credential, **settings) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert from_rpc_error(refused.value, default={}).reason is Reason.CALLER_REVOKED


async def test_waiting_for_a_server_ends_when_it_says_that_it_serves(wire: Any) -> None:
    servicer = health.aio.HealthServicer()
    await servicer.set("", NOT_SERVING)
    target = await wire.serve(health_servicer=servicer)
    async with secure_channel(
        target, credential=wire.issue(Role.AGENCY, 1), root_pem=wire.root.cert_pem, expect=wire.hub.identity
    ) as channel:
        waiting = asyncio.ensure_future(wait_until_serving(channel, 10))
        await wire.until(wire.logged)
        assert not waiting.done()
        await servicer.set("", SERVING)
        await waiting


async def test_waiting_for_a_server_that_is_not_there_ends_in_time(wire: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with secure_channel(
            f"127.0.0.1:{taken.getsockname()[1]}",
            credential=wire.hub,
            root_pem=wire.root.cert_pem,
            expect=wire.hub.identity,
        ) as channel:
            with pytest.raises(TimeoutError):
                await wait_until_serving(channel, 0.1)


async def test_a_caller_without_an_event_loop_is_answered_and_refused_alike(wire: Any) -> None:
    target = await wire.serve()

    def call(message: bytes) -> bytes:
        with secure_channel_sync(
            target, credential=wire.issue(Role.AGENCY, 1), root_pem=wire.root.cert_pem, expect=wire.hub.identity
        ) as channel:
            echo: Any = channel.unary_unary("/test.Probe/Echo")
            return bytes(echo(message, timeout=10))

    assert await asyncio.to_thread(call, b"\x0a\x01a") == b"\x0a\x01a"
    with pytest.raises(grpc.RpcError) as refused:
        await asyncio.to_thread(call, b"\xff")
    assert from_rpc_error(refused.value, default={}).reason is Reason.REQUEST_MALFORMED


async def test_a_channel_goes_straight_to_its_peer_whatever_proxy_is_named(wire: Any, behind_proxy: Any) -> None:
    target, own = await wire.serve(), wire.issue(Role.AGENCY, 1)
    settings = {"credential": own, "root_pem": wire.root.cert_pem, "expect": wire.hub.identity}
    async with secure_channel(target, **settings) as channel:
        echo: Any = channel.unary_unary("/test.Probe/Echo")
        assert await echo(b"\x0a\x01a", timeout=10) == b"\x0a\x01a"

    def call() -> bytes:
        with secure_channel_sync(target, **settings) as channel:
            echo: Any = channel.unary_unary("/test.Probe/Echo")
            return bytes(echo(b"\x0a\x01b", timeout=10))

    assert await asyncio.to_thread(call) == b"\x0a\x01b"
    assert behind_proxy.visitors == 0
