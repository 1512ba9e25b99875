"""Who may call which method of a running hub: every role at every method."""

from __future__ import annotations

import random
from typing import Any

import grpc
import pytest

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.client.outgoing import sending
from warifu.errors import Reason, WarifuError
from warifu.pki import Identity, Role
from warifu.rpc.status import from_rpc_error

EVERYBODY = {"hub", "authority", "agency", "business", "supervisor"}

# Written out here, not read from the code, so that a change of the code's own table is seen.
WHO_MAY = {
    "/warifu.api.hub.v1.HubService/Exchange": {"agency"},
    "/warifu.api.hub.v1.HubService/ExchangeStream": {"agency"},
    "/warifu.api.hub.v1.HubService/ExchangeBulk": {"agency"},
    "/warifu.api.hub.v1.HubService/ConvertIssuedCodes": {"authority"},
    "/warifu.api.hub.v1.HubService/RotateCodes": {"agency"},
    "/warifu.api.hub.v1.HubService/ProveConversions": {"agency"},
    "/warifu.api.hub.v1.SupervisionService/SetAssessmentStatus": {"supervisor"},
    "/warifu.api.hub.v1.SupervisionService/ListWithdrawnAssessments": {"supervisor"},
    "/warifu.api.log.v1.LogService/GetCheckpoint": EVERYBODY,
    "/warifu.api.log.v1.LogService/GetCosignedCheckpoint": EVERYBODY,
    "/warifu.api.log.v1.LogService/AddCosignature": {"supervisor"},
    "/warifu.api.log.v1.LogService/GetInclusionProof": EVERYBODY,
    "/warifu.api.log.v1.LogService/GetConsistencyProof": EVERYBODY,
    "/warifu.api.log.v1.LogService/CompareLog": {"agency"},
    "/warifu.api.log.v1.LogService/ProveExchanges": {"agency"},
    "/warifu.api.log.v1.LogService/ListLeaves": {"supervisor"},
    "/warifu.api.directory.v1.DirectoryService/ListVersions": EVERYBODY,
    "/warifu.api.directory.v1.DirectoryService/ListEntries": EVERYBODY,
    "/warifu.api.directory.v1.DirectoryService/FollowVersions": EVERYBODY,
    "/warifu.api.directory.v1.DirectoryService/AnnounceEndpoint": {"agency"},
    "/warifu.api.directory.v1.DirectoryService/GetRevocationList": EVERYBODY,
    "/warifu.api.party.v1.PartyService/GetStatus": {"supervisor", "hub"},
    "/grpc.health.v1.Health/Check": EVERYBODY,
    "/grpc.health.v1.Health/List": EVERYBODY,
}


def test_every_method_of_the_hubs_contract_is_in_this_table() -> None:
    contract = {
        f"/{service.full_name}/{method.name}"
        for file in (directory_pb2, hub_pb2, supervision_pb2, log_pb2, party_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert contract == {method for method in WHO_MAY if method.startswith("/warifu.")}


class AsItIs(bytes):
    """A message that is these bytes, whatever they are."""

    def SerializeToString(self) -> bytes:  # the name that protobuf gave it
        return bytes(self)


async def ended(channel: Any, method: str, message: bytes = b"") -> WarifuError | None:
    """How a call with this message ends; None when it is answered."""
    try:
        if method.endswith("Stream"):
            call = channel.stream_stream(method)(timeout=10)
            async with sending(call, [AsItIs(message)], broken={}):  # gRPC's own writing may lose why it was refused
                _ = [reply async for reply in call]
        elif method.endswith("ListLeaves"):
            _ = [reply async for reply in channel.unary_stream(method)(message, timeout=10)]
        elif method.endswith("FollowVersions"):  # has no end of its own
            call = channel.unary_stream(method)(message, timeout=10)
            await call.read()
            call.cancel()
        else:
            await channel.unary_unary(method)(message, timeout=10)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, default={})
    except WarifuError as error:
        return error
    return None


@pytest.mark.parametrize("role", EVERYBODY)
async def test_a_role_may_call_what_the_table_gives_it_and_nothing_else(lone_hub: Any, calls: Any, role: str) -> None:
    party = {"agency": "insurance", "business": "tax/business"}.get(role, role)
    channel = calls.to(lone_hub, caller=party)
    for method, allowed in WHO_MAY.items():
        error = await ended(channel, method)
        if role in allowed:
            assert error is None or error.reason is not Reason.CALLER_NOT_ALLOWED, method
        else:
            assert error is not None, method
            assert (error.reason, error.where) == (Reason.CALLER_NOT_ALLOWED, method)


def nonsense(chance: random.Random) -> bytes:
    """Bytes that are often a message: fields with small numbers, of any type, holding anything."""
    fields = []
    for _ in range(chance.randrange(1, 6)):
        number, content = chance.randrange(1, 10), chance.randbytes(chance.choice([0, 1, 8, 16, 32, 64, 116]))
        if chance.random() < 0.3:
            fields.append(bytes([number << 3, chance.randrange(128)]))
        else:
            fields.append(bytes([number << 3 | 2, len(content)]) + content)
    return b"".join(fields) if chance.random() < 0.9 else chance.randbytes(40)


@pytest.mark.parametrize("method", [method for method in WHO_MAY if method.startswith("/warifu.")])
async def test_nonsense_is_answered_or_refused_by_name_and_never_breaks_the_hub(
    lone_hub: Any, calls: Any, method: str
) -> None:
    role = next(role for role in ("supervisor", "authority", "agency") if role in WHO_MAY[method])
    channel = calls.to(lone_hub, caller={"agency": "insurance"}.get(role, role))
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    for attempt in range(60):
        error = await ended(channel, method, nonsense(chance))
        assert error is None or error.reason is not Reason.INTERNAL, f"seed {seed}, attempt {attempt}"
    await calls.to(lone_hub, caller="supervisor").unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10)


@pytest.mark.parametrize("role", EVERYBODY - {"agency"})
async def test_the_certificate_of_an_agency_in_another_role_asks_nothing(lone_hub: Any, calls: Any, role: str) -> None:
    """The institution is right, the role is not."""
    credential = lone_hub.issue(Role(role), lone_hub.institution("childcare"))
    error = await ended(calls.to(lone_hub, credential=credential), "/warifu.api.hub.v1.HubService/Exchange")
    assert error is not None
    assert error.reason is Reason.CALLER_NOT_ALLOWED


async def test_an_agency_that_is_in_no_directory_can_neither_ask_nor_announce(
    lone_hub: Any, calls: Any, asker: Any
) -> None:
    nobody = lone_hub.issue(Role.AGENCY, Identity.parse_uri("warifu://x/agency/9999999999999999").institution)
    channel = calls.to(lone_hub, credential=nobody)
    announce = channel.unary_unary("/warifu.api.directory.v1.DirectoryService/AnnounceEndpoint")
    message = directory_pb2.AnnounceEndpointRequest(endpoint="127.0.0.1:1").SerializeToString()
    assert (await calls.failed(announce(message, timeout=10))).reason is Reason.INSTITUTION_UNKNOWN
    exchange = channel.unary_unary("/warifu.api.hub.v1.HubService/Exchange")
    message = hub_pb2.ExchangeRequest(inquiry=asker.inquiry()).SerializeToString()
    assert (await calls.failed(exchange(message, timeout=10))).reason is Reason.CALLER_NOT_IDENTIFIED


async def test_an_agency_announces_for_itself_only_and_only_what_is_an_endpoint(lone_hub: Any, calls: Any) -> None:
    channel = calls.to(lone_hub, caller="residence")
    announce = channel.unary_unary("/warifu.api.directory.v1.DirectoryService/AnnounceEndpoint")
    for endpoint in (
        "",
        "localhost",
        "unix:/tmp/x",
        "127.0.0.1:http",
        "h" * 300 + ":1",
        "a b:1",
        "127.0.0.1:1\n",
        "é:1",
    ):
        message = directory_pb2.AnnounceEndpointRequest(endpoint=endpoint).SerializeToString()
        error = await calls.failed(announce(message, timeout=10))
        assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "endpoint"), endpoint
    for elsewhere in ("192.0.2.200:443", "[2001:db8::1]:22", "node-1.residence.test:7402"):
        message = directory_pb2.AnnounceEndpointRequest(endpoint=elsewhere).SerializeToString()
        error = await calls.failed(announce(message, timeout=10))
        assert (error.reason, error.where) == (Reason.CALLER_NOT_ALLOWED, "endpoint"), elsewhere
    message = directory_pb2.AnnounceEndpointRequest(endpoint="localhost:7402").SerializeToString()
    await announce(message, timeout=10)


async def test_everybody_gets_the_directory_and_the_revocation_list_the_network_was_made_with(
    lone_hub: Any, calls: Any
) -> None:
    channel = calls.to(lone_hub, caller="supervisor")
    entries = channel.unary_unary("/warifu.api.directory.v1.DirectoryService/ListEntries")
    listed = directory_pb2.ListEntriesResponse.FromString(await entries(b"", timeout=10))
    assert (listed.version, len(listed.entries), listed.entry_count) == (1, 4, 4)
    revoked = channel.unary_unary("/warifu.api.directory.v1.DirectoryService/GetRevocationList")
    pem = directory_pb2.GetRevocationListResponse.FromString(await revoked(b"", timeout=10)).revocation_list_pem
    assert pem == (lone_hub.path / "hub" / "revoked.pem").read_bytes()
