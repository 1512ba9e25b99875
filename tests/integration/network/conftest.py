"""The parties that a test plays at a real hub, with their real certificates and keys."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import grpc
import pytest

from warifu.agency import Absence
from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideCall,
    ProvideReply,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
)
from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import (
    ExchangeCall,
    ExchangeRequest,
    ExchangeResponse,
    ExchangeStreamRequest,
)
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import CallFailure, ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import AgencyCode, open_code
from warifu.exchange.context import ExchangeFlags
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.inquiry import InquirerKeys, Question, build_inquiry
from warifu.exchange.provision import ProviderKeys, check_permit, make_answer, open_query, seal_found
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import ItemCode, ProcedureCode
from warifu.pki import Role
from warifu.rpc.server import build_server

LOCAL_TAX = ItemCode("TM00000000000002")
CHILD_ALLOWANCE = ProcedureCode("JT99000000000001")


@pytest.fixture(autouse=True)
def nothing_personal_is_overheard(overheard: Any) -> Iterator[None]:
    """Looks for what a test brought in right after it; for everything at the very end."""
    known = len(overheard.secrets)
    yield
    overheard.check(overheard.secrets[known:])


class Asker:
    """The child allowance office, played by the test: makes inquiries about people and sends them to a hub."""

    def __init__(self, net: Any, calls: Any, overheard: Any, clock: Clock | None = None) -> None:
        party = net.folder("childcare")
        self.clock = clock or SystemClock()
        self.directory = net.directory()
        self.own: DirectoryEntry = self.directory.entry(net.institution("childcare"))
        self.keys = InquirerKeys(
            own=self.own, signing_key=SigningKey(party.secret("signing.key")), hedge_key=secrets.token_bytes(32)
        )
        self.tax = net.institution("tax")
        self.calls = calls
        self._overheard = overheard
        self.channel = calls.to(net)
        self.hub: Any = HubServiceStub(self.channel)

    def code(self) -> AgencyCode:
        point = self.directory.group.hash_to_point(secrets.token_bytes(16))
        self._overheard.secret("code", point)
        return AgencyCode(institution=self.own.institution, epoch=self.own.epoch, point=point)

    def inquiry(self, **changes: Any) -> SignedInquiry:
        """A signed inquiry to the tax office about somebody new, with parts of the question changed as told."""
        code = changes.pop("code", None) or self.code()
        asked: dict[str, Any] = {
            "request_id": secrets.token_bytes(16),
            "provider": self.tax,
            "procedure_code": CHILD_ALLOWANCE,
            "item_code": LOCAL_TAX,
            "flags": ExchangeFlags.NONE,
            **changes,
        }
        inquiry, _ = build_inquiry(
            Question(**asked), code, keys=self.keys, directory=self.directory, now_ms=self.clock.unix_ms()
        )
        return inquiry

    async def send(self, inquiry: SignedInquiry, timeout: float | None = 10) -> ExchangeResponse:
        response: ExchangeResponse = await self.hub.Exchange(ExchangeRequest(inquiry=inquiry), timeout=timeout)
        return response

    async def refused(self, inquiry: SignedInquiry, timeout: float | None = 10) -> WarifuError:
        error: WarifuError = await self.calls.failed(self.send(inquiry, timeout))
        return error

    async def refused_within(self, inquiry: SignedInquiry, timeout_ms: int) -> WarifuError:
        """The same on a stream, where a call's own deadline never hides what the hub says of it."""
        call = ExchangeCall(call_number=7, timeout_ms=timeout_ms, request=ExchangeRequest(inquiry=inquiry))
        stream = self.hub.ExchangeStream(iter([ExchangeStreamRequest(calls=[call])]), timeout=20)
        ((reply,),) = [message.replies async for message in stream]
        assert (reply.call_number, reply.WhichOneof("end")) == (7, "failure")
        error = WarifuError(Reason[reply.failure.reason], where=reply.failure.where)
        self._overheard.errors.append(f"{reply} {error}")
        return error


class TaxOffice:
    """The tax office's node, played by the test: its real certificate and keys, and whatever answer a test wants.

    ``act`` gets a permit and gives the bytes of the response. An honest office gives the same permit the same answer.
    One that is not ``streamed`` serves permits one by one only.
    """

    def __init__(self, net: Any, calls: Any, overheard: Any, *, streamed: bool = True) -> None:
        party = net.folder("tax")
        self._streamed = streamed
        self._net, self._calls, self._overheard = net, calls, overheard
        self.directory = net.directory()
        self.keys = ProviderKeys(
            own=self.directory.entry(net.institution("tax")),
            agency_secret=self.directory.group.decode_scalar(party.secret("agency.key")),
            sealing_key=SealingKey.from_bytes(party.secret("sealing.key")),
            signing_key=SigningKey(party.secret("signing.key")),
            row_secret=party.secret("row.key"),
        )
        self.permits: list[ProvisionPermit] = []
        self.answers: dict[bytes, SignedAnswer] = {}
        self.act: Callable[[ProvisionPermit], Awaitable[bytes]] = self.honest
        self.server: Any = None
        self.endpoint = ""

    async def honest(self, permit: ProvisionPermit) -> bytes:
        checked = check_permit(permit, keys=self.keys, directory=self.directory)
        answer = self.answers.get(checked.context.request_id)
        if answer is None:
            group = self.directory.group
            self._overheard.secret("code", open_code(group, self.keys.agency_secret, checked.conversion.converted))
            answer = self.answers[checked.context.request_id] = self.answer_to(checked)
        return ProvideResponse(answer=answer).SerializeToString()

    def answer_to(self, checked: Any) -> SignedAnswer:
        sealed = seal_found(Absence.NOT_HELD, open_query(checked, self.keys), checked)
        made = make_answer(
            inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
            checked,
            self.keys.signing_key,
            now_ms=SystemClock().unix_ms(),
            sealed_answer=sealed,
        )
        return made.answer

    async def provide(self, request: ProvideRequest, _: Any) -> bytes:
        self.permits.append(request.permit)
        return await self.act(request.permit)

    async def provide_stream(self, messages: AsyncIterator[ProvideStreamRequest], _: Any) -> AsyncIterator[bytes]:
        """Every call by itself, in whatever order; a fault that is not typed breaks the stream."""
        ended: asyncio.Queue[bytes | Exception] = asyncio.Queue()

        async def end(call: ProvideCall) -> None:
            ended.put_nowait(await self._reply(call))

        async def read() -> None:
            async for message in messages:
                tasks.update(asyncio.create_task(end(call)) for call in message.calls)

        tasks: set[asyncio.Task[None]] = set()
        tasks.add(asyncio.create_task(read()))
        try:
            while True:
                reply = await ended.get()
                if isinstance(reply, Exception):
                    raise reply
                yield reply
        finally:
            for task in tasks:
                task.cancel()

    async def _reply(self, call: ProvideCall) -> bytes | Exception:
        """A message with one reply, put together by hand: what is in it may be no message."""
        reply = ProvideReply(call_number=call.call_number)
        try:
            return _field(1, reply.SerializeToString() + _field(2, await self.provide(call.request, None)))
        except WarifuError as error:
            reply.failure.CopyFrom(CallFailure(reason=error.reason.value, where=error.where))
            return _field(1, reply.SerializeToString())
        except Exception as error:  # noqa: BLE001  # whatever a test raises
            return error

    def add_to(self, servicer: Any, to: Any) -> None:
        handlers: dict[str, Any] = {
            "Provide": grpc.unary_unary_rpc_method_handler(servicer.provide, ProvideRequest.FromString, None)
        }
        if self._streamed:
            handlers["ProvideStream"] = grpc.stream_stream_rpc_method_handler(
                servicer.provide_stream, ProvideStreamRequest.FromString, None
            )
        to.add_registered_method_handlers("warifu.api.agency.v1.AgencyService", handlers)

    @property
    def access(self) -> dict[str, frozenset[Role]]:
        methods = ("Provide", "ProvideStream") if self._streamed else ("Provide",)
        return {f"/warifu.api.agency.v1.AgencyService/{method}": frozenset({Role.HUB}) for method in methods}

    async def open(self) -> None:
        """Serve, and tell the hub where."""
        self.server, port = build_server(
            credential=self._net.credential("tax"),
            root_pem=self._net.folder("tax").root_pem(),
            access=self.access,
            services=[(self.add_to, self)],
            revoked=frozenset,
        )
        await self.server.start()
        self._calls.closing(lambda: self.server.stop(0))
        self.endpoint = f"127.0.0.1:{port}"
        await self.announce(self.endpoint)

    async def announce(self, endpoint: str) -> None:
        stub: Any = DirectoryServiceStub(self._calls.to(self._net, caller="tax"))
        await stub.AnnounceEndpoint(AnnounceEndpointRequest(endpoint=endpoint), timeout=10)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a message, whatever is in it."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + _varint(number >> 7) if number > 0x7F else bytes([number])


class LogReader:
    """The supervisor at a hub's log."""

    def __init__(self, net: Any, calls: Any) -> None:
        self.stub: Any = LogServiceStub(calls.to(net, caller="supervisor"))

    async def leaves(self, first: int = 0) -> list[bytes]:
        request = log_pb2.ListLeavesRequest(first_position=first)
        return [leaf async for chunk in self.stub.ListLeaves(request, timeout=10) for leaf in chunk.leaves]

    async def of(self, inquiry: SignedInquiry) -> list[tuple[str, str]]:
        """What the log says of one inquiry: event and reason, in order."""
        request_id = inquiry.context[2:18]
        told = [log_pb2.ExchangeLeaf.FromString(leaf) for leaf in await self.leaves()]
        return [
            (log_pb2.LeafEvent.Name(leaf.event).removeprefix("LEAF_EVENT_"), leaf.reason)
            for leaf in told
            if leaf.request_id == request_id
        ]


@pytest.fixture
def asker(lone_hub: Any, calls: Any, overheard: Any) -> Asker:
    return Asker(lone_hub, calls, overheard)


@pytest.fixture
def streamed() -> bool:
    """Whether the tax office serves permits on a stream too; a test file may say otherwise."""
    return True


@pytest.fixture
async def tax_office(lone_hub: Any, calls: Any, overheard: Any, streamed: bool) -> TaxOffice:
    office = TaxOffice(lone_hub, calls, overheard, streamed=streamed)
    await office.open()
    return office


@pytest.fixture
def log(lone_hub: Any, calls: Any) -> LogReader:
    return LogReader(lone_hub, calls)


@pytest.fixture
def play(calls: Any, overheard: Any) -> Callable[..., Any]:
    """Play both agencies, and the supervisor, at a hub of the test's own."""

    async def begin(net: Any) -> tuple[Asker, TaxOffice, LogReader]:
        office = TaxOffice(net, calls, overheard)
        await office.open()
        return Asker(net, calls, overheard), office, LogReader(net, calls)

    return begin


@pytest.fixture
def ask_of(calls: Any, overheard: Any) -> Callable[[Any], Asker]:
    """The child allowance office at the hub of any network."""
    return lambda net: Asker(net, calls, overheard)


@pytest.fixture
def log_of(calls: Any) -> Callable[[Any], LogReader]:
    """The supervisor at the hub of any network."""
    return lambda net: LogReader(net, calls)
