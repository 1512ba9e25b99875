"""What a server serves beside its services has the same edge around it: here gRPC reflection."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse  # type: ignore[import-untyped]

from warifu.errors import Reason
from warifu.pki import Role
from warifu.rpc.status import from_rpc_error
from warifu_kit.network.reflection import REFLECTION_SERVICE, reflecting

METHOD = f"/{REFLECTION_SERVICE}/ServerReflectionInfo"


async def _services(wire: Any, target: str, credential: Any) -> list[str]:
    asked = ServerReflectionRequest(list_services="")
    replies = wire.connect(target, credential).talked(
        METHOD, ServerReflectionRequest.SerializeToString, ServerReflectionResponse.FromString, asked
    )
    return [service.name async for reply in replies for service in reply.list_services_response.service]


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
async def test_every_role_of_the_network_may_ask(wire: Any, role: Role) -> None:
    target = await wire.serve(beside=reflecting)
    assert await _services(wire, target, wire.issue(role, 2)) == sorted(
        ["grpc.health.v1.Health", REFLECTION_SERVICE, "test.Probe"]
    )


async def test_a_member_whose_certificate_was_taken_back_is_refused_as_everywhere(wire: Any) -> None:
    target, credential = await wire.serve(beside=reflecting), wire.issue(Role.AGENCY, 2)
    wire.revoked.add(credential.serial)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await _services(wire, target, credential)
    assert from_rpc_error(failed.value, default={}).reason is Reason.CALLER_REVOKED


async def test_a_server_that_nobody_gave_it_does_not_know_it(wire: Any) -> None:
    target = await wire.serve()
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await _services(wire, target, wire.issue(Role.AGENCY, 2))
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED
