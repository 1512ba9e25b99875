"""Who may call an honest node of the tests, how it serves, and how it goes by what the hub has: its edge, and what it follows.

It keeps every rule of docs/protocol/checks.md at the edge and of directory.md. Each method is one thing to get wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import grpc
from cryptography import x509
from tests.conformance import to_hub
from tests.conformance.honest_business import BusinessDesk

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideBulkRequest,
    ProvideBulkResponse,
    ProvideReply,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
    ProvideStreamResponse,
)
from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader, FollowVersionsResponse
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import check_follows
from warifu.exchange.provision import ProviderKeys
from warifu.pki.revocation import read_revocation_list
from warifu.rpc.lasting import while_allowed
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.status import to_grpc_status
from warifu_kit.conformance.stage import Stage
from warifu_services.node.keys import NodeKeys

MAY_BE_NEWER = frozenset({Reason.EPOCH_STALE, Reason.INSTITUTION_UNKNOWN, Reason.SIGNATURE_INVALID})


class HonestEdge:
    """The tax office's, on a stage."""

    def __init__(self, stage: Stage) -> None:
        folder = stage.folder(stage.party)
        self.stage = stage
        self.directory = stage.folder("hub").directory()
        self.keys = self.own_keys()
        self.hub_uri = stage.folder("hub").identity().uri
        self.business_uri = folder.identity().uri.replace("/agency/", "/business/")
        self.clock: Clock = stage.clock
        listed = (folder.path / "revoked.pem").read_bytes()
        self.revoked = read_revocation_list(listed, folder.root_pem(), self.clock.now())
        self.server: Any = None
        self.following: asyncio.Task[None] | None = None

    async def proven(self, permit: ProvisionPermit) -> ProvisionPermit:
        """The permit, with its proof where that had to be asked for."""
        raise NotImplementedError

    def provided(self, permit: ProvisionPermit) -> SignedAnswer:
        """The answer."""
        raise NotImplementedError

    # The edge.

    def admits(self, uris: list[str]) -> bool:
        return uris == [self.hub_uri]

    def admits_on_streams(self, uris: list[str]) -> bool:
        return self.admits(uris)

    def admits_in_bulk(self, uris: list[str]) -> bool:
        return self.admits_on_streams(uris)

    def admits_business(self, uris: list[str]) -> bool:
        return uris == [self.business_uri]

    def check_caller(self, context: Any, admits: Callable[[list[str]], bool]) -> None:
        names = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
        if not admits([name for name in names if "://" in name]):
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where="certificate")
        self.check_revoked(context)

    def check_revoked(self, context: Any) -> None:
        """Looked at for each call: TLS looks when the connection is made."""
        (shown,) = context.auth_context()["x509_pem_cert"]
        if x509.load_pem_x509_certificate(shown).serial_number in self.revoked.serials:
            raise WarifuError(Reason.CALLER_REVOKED, where="certificate")

    def while_good(self, context: Any) -> AbstractAsyncContextManager[None]:
        """As long as a stream is open, its caller is looked at again."""
        return while_allowed(lambda: self.check_revoked(context))

    async def Provide(self, request: ProvideRequest, context: Any) -> ProvideResponse:
        try:
            self.check_caller(context, self.admits)
            return ProvideResponse(answer=await self.asked_to_provide(request))
        except WarifuError as error:
            await self.end(context, error, request)
            raise

    async def ProvideStream(self, messages: Any, context: Any) -> AsyncIterator[ProvideStreamResponse]:
        try:
            self.check_caller(context, self.admits_on_streams)
            async with self.while_good(context):
                async for told in self.replies(messages):
                    yield told
        except WarifuError as error:
            await context.abort_with_status(to_grpc_status(error))

    async def ProvideBulk(self, messages: Any, context: Any) -> AsyncIterator[ProvideBulkResponse]:
        try:
            self.check_caller(context, self.admits_in_bulk)
            async for told in self.bulk_replies(messages):
                yield told
        except WarifuError as error:
            await context.abort_with_status(to_grpc_status(error))

    def replies(self, messages: Any) -> AsyncIterator[ProvideStreamResponse]:
        return serve_calls(
            messages, handle=self.one_of_many, reply_type=ProvideReply, response_type=ProvideStreamResponse
        )

    def bulk_replies(self, messages: Any) -> AsyncIterator[ProvideBulkResponse]:
        return serve_calls(
            messages, handle=self.one_in_bulk, reply_type=ProvideReply, response_type=ProvideBulkResponse
        )

    async def one_in_bulk(self, request: ProvideRequest, left: float) -> ProvideResponse:
        return await self.one_of_many(request, left)

    async def one_of_many(self, request: ProvideRequest, left: float) -> ProvideResponse:
        return ProvideResponse(answer=await self.asked_to_provide(request))

    async def end(self, context: Any, error: WarifuError, request: ProvideRequest) -> None:
        await context.abort_with_status(to_grpc_status(error))

    async def asked_to_provide(self, request: ProvideRequest) -> SignedAnswer:
        permit, used = await self.proven(request.permit), self.directory
        try:
            return self.provided(permit)
        except WarifuError as error:
            if error.reason not in MAY_BE_NEWER or not (await self.take_newer() or self.directory is not used):
                raise
        return self.provided(permit)

    # The directory.

    async def take_newer(self) -> bool:
        """Take the newest version, and say whether there was one."""
        headers = await to_hub.headers_after(self.stage, self.directory.version)
        if not headers or not self.follow(headers):
            return False
        file = await to_hub.with_entries(self.stage, headers[-1])
        self.directory = Directory.from_message(file, self.stage.folder("hub").root_pem())
        self.keys = self.own_keys()
        return True

    def own_keys(self) -> ProviderKeys:
        return NodeKeys.load(self.stage.folder(self.stage.party), self.directory).provider

    async def keep_following(self) -> None:
        """Follow the hub until cancelled, over one connection after the other."""
        while True:
            with suppress(grpc.aio.AioRpcError, WarifuError):
                async for told in to_hub.newest(self.stage):
                    await self.hear(told)
            await asyncio.sleep(0.1)

    async def hear(self, told: FollowVersionsResponse) -> None:
        if told.revocation_list_number > self.revoked.number:
            await self.take_list()
        if told.directory_version > self.directory.version:
            await self.take_newer()

    async def take_list(self) -> None:
        pem = await to_hub.revocation_list(self.stage)
        root = self.stage.folder("hub").root_pem()
        self.revoked = read_revocation_list(pem, root, self.clock.now())

    def follow(self, headers: list[DirectoryHeader]) -> bool:
        """Whether each follows the one before, from the one that is held."""
        before = self.directory.header
        try:
            for header in headers:
                check_follows(before, header)
                before = header
        except WarifuError:
            return False
        return True

    # The server.

    async def serve(self) -> str:
        """Serve to the hub; where it listens."""
        folder = self.stage.folder(self.stage.party).path
        key, certificate, root = ((folder / name).read_bytes() for name in ("tls.key", "tls.pem", "root.pem"))
        credentials = grpc.ssl_server_credentials([(key, certificate)], root, require_client_auth=True)
        self.server = grpc.aio.server(options=[("grpc.max_receive_message_length", 8 * 1024 * 1024)])
        services = {"agency.v1.AgencyService": self.handlers(), "node.v1.NodeService": BusinessDesk(self).handlers()}
        for name, handlers in services.items():
            handler = grpc.method_handlers_generic_handler(f"warifu.api.{name}", handlers)
            self.server.add_generic_rpc_handlers((handler,))
        endpoint = f"127.0.0.1:{self.server.add_secure_port('127.0.0.1:0', credentials)}"
        await self.server.start()
        self.following = asyncio.create_task(self.keep_following())
        await self.stage.hub.store.put_endpoint(self.keys.own.institution, endpoint)
        return endpoint

    async def stop(self) -> None:
        if self.following is not None:
            self.following.cancel()
            await asyncio.gather(self.following, return_exceptions=True)
        await self.server.stop(0)

    def handlers(self) -> dict[str, Any]:
        many = grpc.stream_stream_rpc_method_handler
        return {
            "Provide": grpc.unary_unary_rpc_method_handler(self.Provide, self.parse, ProvideResponse.SerializeToString),
            "ProvideStream": many(
                self.ProvideStream, ProvideStreamRequest.FromString, ProvideStreamResponse.SerializeToString
            ),
            "ProvideBulk": many(self.ProvideBulk, ProvideBulkRequest.FromString, ProvideBulkResponse.SerializeToString),
        }

    def parse(self, body: bytes) -> ProvideRequest:
        return ProvideRequest.FromString(body)
