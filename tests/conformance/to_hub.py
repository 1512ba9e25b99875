"""How an honest node of the tests calls the hub of its stage, and what it asks there of a permit that it drew."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from typing import Any

import grpc

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader, FollowVersionsResponse
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import ProveConversionsRequest
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode, ProvisionPermit
from warifu.canonical import length_prefixed
from warifu.rpc.channel import secure_channel
from warifu_kit.conformance.stage import Stage


def channel_to_hub(stage: Stage) -> Any:
    """A channel of the party under check, for ``async with``."""
    folder = stage.folder(stage.party)
    return secure_channel(
        stage.hub_endpoint,
        credential=folder.credential().current(),
        root_pem=folder.root_pem(),
        expect=stage.folder("hub").identity(),
    )


def is_drawn(secret: bytes, asked: bytes, made: EncryptedCode, one_in: int) -> bool:
    """Whether a permit is drawn, one in so many, by a hash that nobody foresees without ``secret``."""
    return int.from_bytes(hmac.digest(secret, length_prefixed(asked, made.c1, made.c2), "sha256")) % one_in == 0


async def proven(stage: Stage, permit: ProvisionPermit) -> ProvisionPermit:
    """The permit with its proof; as it came if the hub proves nothing."""
    async with channel_to_hub(stage) as channel:
        stub: Any = HubServiceStub(channel)
        try:
            told = await stub.ProveConversions(ProveConversionsRequest(permits=[permit]), timeout=5)
        except grpc.aio.AioRpcError:
            return permit
    found = ProvisionPermit()
    found.CopyFrom(permit)
    found.conversion_proof, found.hub_signature = told.proven[0].conversion_proof, told.proven[0].hub_signature
    return found if found.conversion_proof else permit


async def newest(stage: Stage) -> AsyncIterator[FollowVersionsResponse]:
    """What the hub says is the newest, as it becomes so."""
    async with channel_to_hub(stage) as channel:
        stub: Any = DirectoryServiceStub(channel)
        async for told in stub.FollowVersions(directory_pb2.FollowVersionsRequest()):
            yield told


async def revocation_list(stage: Stage) -> bytes:
    """The hub's list of certificates that were taken back, as PEM."""
    async with channel_to_hub(stage) as channel:
        stub: Any = DirectoryServiceStub(channel)
        told = await stub.GetRevocationList(directory_pb2.GetRevocationListRequest(), timeout=5)
    pem: bytes = told.revocation_list_pem
    return pem


async def headers_after(stage: Stage, version: int) -> list[DirectoryHeader]:
    """The headers of the versions after that one, as the hub shows them."""
    async with channel_to_hub(stage) as channel:
        stub: Any = DirectoryServiceStub(channel)
        told = await stub.ListVersions(directory_pb2.ListVersionsRequest(held_version=version), timeout=5)
    return list(told.headers)


async def with_entries(stage: Stage, header: DirectoryHeader) -> DirectoryFile:
    """A version as the hub shows it, whole."""
    async with channel_to_hub(stage) as channel:
        stub: Any = DirectoryServiceStub(channel)
        told = await stub.ListEntries(directory_pb2.ListEntriesRequest(version=header.version), timeout=5)
    return DirectoryFile(header=header, entries=told.entries, dated_entries=told.dated_entries)
