"""A numbering authority over real mutual TLS, with a hub in front of it that converts, remembers and can be spoilt."""

from __future__ import annotations

import asyncio
import io
import logging as stdlib_logging
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.api.authority.v1 import authority_service_pb2 as messages
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.api.hub.v1 import hub_service_pb2 as hub_messages
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceServicer, add_HubServiceServicer_to_server
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, open_code, person_point
from warifu.exchange.context import ExchangeContext
from warifu.exchange.conversion_proof import IN_A_BATCH
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import check_issue, sign_conversion
from warifu.identifiers import MyNumber, ResidentRecordCode
from warifu.party.folder import PartyFolder
from warifu.pki import CredentialFiles, Identity, Role
from warifu.rpc import logging
from warifu.rpc.channel import secure_channel
from warifu.rpc.server import build_server
from warifu.rpc.status import from_rpc_error
from warifu_hub.translate import HubKeys, Party, Translator
from warifu_kit.network.creation import create_network
from warifu_services.authority.app import Authority, build_authority
from warifu_services.authority.keys import AuthorityKeys

Convert = Callable[[hub_messages.ConvertIssuedCodesRequest, Any], Awaitable[hub_messages.ConvertIssuedCodesResponse]]


class SpoiltHub(HubServiceServicer):
    """Serves the production contract. ``convert`` answers; a test may put something worse in its place."""

    def __init__(self, folder: PartyFolder) -> None:
        self._directory = folder.directory()
        self._signing_key = SigningKey(folder.secret("signing.key"))
        keys = HubKeys(
            factor_key=folder.secret("factor.key"),
            opening_key=folder.secret("opening.key"),
            rerandomise_key=folder.secret("rerandomise.key"),
        )
        self.translator = Translator(self._directory.group, keys)
        self.convert: Convert = self.convert_honestly

    async def ConvertIssuedCodes(
        self, request: hub_messages.ConvertIssuedCodesRequest, context: Any
    ) -> hub_messages.ConvertIssuedCodesResponse:
        return await self.convert(request, context)

    async def Exchange(self, request: hub_messages.ExchangeRequest, context: Any) -> hub_messages.ExchangeResponse:
        raise WarifuError(Reason.INTERNAL)

    async def ExchangeStream(
        self, request_iterator: AsyncIterator[hub_messages.ExchangeStreamRequest], context: Any
    ) -> AsyncIterator[hub_messages.ExchangeStreamResponse]:
        async for _ in request_iterator:
            yield hub_messages.ExchangeStreamResponse()

    async def ExchangeBulk(
        self, request_iterator: AsyncIterator[hub_messages.ExchangeBulkRequest], context: Any
    ) -> AsyncIterator[hub_messages.ExchangeBulkResponse]:
        async for _ in request_iterator:
            yield hub_messages.ExchangeBulkResponse()

    async def RotateCodes(
        self, request: hub_messages.RotateCodesRequest, context: Any
    ) -> hub_messages.RotateCodesResponse:
        raise WarifuError(Reason.INTERNAL)

    async def ProveConversions(
        self, request: hub_messages.ProveConversionsRequest, context: Any
    ) -> hub_messages.ProveConversionsResponse:
        raise WarifuError(Reason.INTERNAL)

    async def convert_honestly(
        self, request: hub_messages.ConvertIssuedCodesRequest, context: Any
    ) -> hub_messages.ConvertIssuedCodesResponse:
        """What the hub does, less its log."""
        asked = ExchangeContext.decode(request.context)
        entry = self._directory.entry(asked.provider)
        key = self._directory.authority_signing_key
        check_issue(key, request.authority_signature, request.context, request.encrypted_codes)
        codes, proofs = await asyncio.to_thread(self._converted, entry, request)
        signature = sign_conversion(self._signing_key, request.context, codes, proofs)
        return hub_messages.ConvertIssuedCodesResponse(
            converted_codes=codes, hub_signature=signature, conversion_proofs=proofs
        )

    def _converted(
        self, entry: DirectoryEntry, request: hub_messages.ConvertIssuedCodesRequest
    ) -> tuple[list[EncryptedCodeMessage], list[bytes]]:
        group, codes, proofs = self._directory.group, list[EncryptedCodeMessage](), list[bytes]()
        asked = [EncryptedCode.from_wire(group, code.c1, code.c2) for code in request.encrypted_codes]
        for start in range(0, len(asked), IN_A_BATCH):
            converted, proof = self.translator.convert_batch(
                context=request.context,
                encrypted=asked[start : start + IN_A_BATCH],
                from_=None,
                to=Party.of(entry),
                to_key=entry.agency_key,
            )
            codes += [EncryptedCodeMessage(c1=code.c1, c2=code.c2) for code in converted]
            proofs.append(proof)
        return codes, proofs


class Recorder(grpc.aio.ServerInterceptor):
    """Keeps every request as the bytes in which it came."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)

        def record(request: bytes) -> bytes:
            self.received.append(request)
            return request

        return grpc.stream_unary_rpc_method_handler(handler.stream_unary, record)  # as the edge serves every RPC


class Town:
    """One running authority, the hub it calls, and everybody who might call it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.directory: Directory = PartyFolder(path / "authority").directory()
        self.hub = SpoiltHub(PartyFolder(path / "hub"))
        self.recorder = Recorder()
        self.keys = AuthorityKeys(self.directory.group, PartyFolder(path / "authority").secret("point.key"))
        self._close: list[Callable[[], Awaitable[Any]]] = []
        self.authority: Authority
        self.hub_target = ""

    async def open(self) -> None:
        await self.start_hub()
        await self.start_authority()

    async def start_hub(self) -> None:
        folder = PartyFolder(self.path / "hub")
        methods = (
            "Exchange",
            "ExchangeStream",
            "ExchangeBulk",
            "ConvertIssuedCodes",
            "RotateCodes",
            "ProveConversions",
        )
        self.hub_server, port = build_server(
            credential=folder.credential(),
            root_pem=folder.root_pem(),
            access={f"/warifu.api.hub.v1.HubService/{method}": frozenset(Role) for method in methods},
            services=[(add_HubServiceServicer_to_server, self.hub)],
            revoked=frozenset,
            extra_interceptors=[self.recorder],
        )
        await self.hub_server.start()
        self.hub_target = f"127.0.0.1:{port}"

    async def start_authority(self, hub: str | None = None) -> None:
        self.authority = build_authority(PartyFolder(self.path / "authority"), hub=hub or self.hub_target)
        await self.authority.server.start()

    async def stop_authority(self) -> None:
        await self.authority.server.stop(0)
        await self.authority.close()

    async def close(self) -> None:
        for close in self._close:
            await close()
        await self.stop_authority()
        await self.hub_server.stop(0)

    def caller(self, folder: str) -> Any:
        """A stub that calls the authority with the certificate in ``folder``."""
        root_pem = PartyFolder(self.path / "authority").root_pem()
        credential = CredentialFiles(self.path / folder / "tls.pem", self.path / folder / "tls.key").current()
        expect = Identity(network=self.directory.network, role=Role.AUTHORITY, institution=self.directory.authority)
        target = self.authority.endpoint
        channel = secure_channel(target, credential=credential, root_pem=root_pem, expect=expect)
        self._close.append(channel.close)
        return AuthorityServiceStub(channel)

    async def designate(self, count: int, first: int = 0) -> list[str]:
        """Numbers of so many residents, by the registry's business system."""
        residents = [ResidentRecordCode.from_body(f"{3_000_000_000 + first + n}").digits for n in range(count)]
        request = messages.DesignateMyNumbersRequest(resident_record_codes=residents)
        return list((await self.caller("residence/business").DesignateMyNumbers(request)).my_numbers)

    def expected(self, kind: str, number: str) -> Point:
        """N_B = s_B*P, which only an all-knowing test can make."""
        group, entry = self.directory.group, self.entry(kind)
        (person_id,) = self.authority.store.holders([self.keys.number_lookup(MyNumber(number))])
        assert person_id is not None
        point_key = PartyFolder(self.path / "authority").secret("point.key")
        factor = self.hub.translator.factor(entry.institution, entry.epoch)
        return group.multiply(factor, person_point(group, point_key, person_id))

    def opened(self, kind: str, issued: messages.IssuedCode) -> Point:
        """The code that the agency of that kind finds in what was issued to it."""
        assert issued.WhichOneof("result") == "converted_code", issued.failure.reason
        group = self.directory.group
        secret = group.decode_scalar(PartyFolder(self.path / kind).secret("agency.key"))
        encrypted = EncryptedCode.decode(group, issued.converted_code.c1, issued.converted_code.c2)
        return open_code(group, secret, encrypted)

    def entry(self, kind: str) -> DirectoryEntry:
        (entry,) = self.directory.of_kind(kind)
        return entry


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of a new network, which each test copies."""
    path = tmp_path_factory.mktemp("authority") / "network"
    create_network(path)
    return path


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, from the lowest level on."""
    stream, handlers = io.StringIO(), stdlib_logging.getLogger().handlers
    logging.configure("debug", stream)
    yield stream
    logging.configure("warning")
    stdlib_logging.getLogger().handlers = handlers


@pytest.fixture
async def town(network: Path, tmp_path: Path, log: io.StringIO) -> AsyncIterator[Town]:
    """An authority that serves, and its hub."""
    shutil.copytree(network, tmp_path / "network")
    made = Town(tmp_path / "network")
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def acquisitions() -> Callable[[Sequence[str]], list[messages.Acquisition]]:
    """Makes an acquisition of each number, with a fresh acquisition number."""
    return lambda numbers: [
        messages.Acquisition(acquisition_number=secrets.token_bytes(16), my_number=number) for number in numbers
    ]


@pytest.fixture
def refusal() -> Callable[[Awaitable[Any]], Awaitable[WarifuError]]:
    """Gives the error that a call reports; fails when it is answered."""

    async def refused(call: Awaitable[Any]) -> WarifuError:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call
        return from_rpc_error(failed.value, default={})

    return refused
