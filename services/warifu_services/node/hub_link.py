"""A node's link to the hub: exchanges, saying where the node listens, and the revocation list.

Decides what a broken call means: HUB_UNREACHABLE or HUB_TIMED_OUT when the hub said nothing, which is not known to have
failed, and HUB_ANSWER_INVALID when it says what no hub may. Says where the node listens as soon as the hub is there, and again whenever the connection was lost, because a
hub that restarted may have forgotten. Moves sealed bytes and opens none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import grpc

from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from warifu.api.hub.v1.hub_service_pb2 import (
    ExchangeBulkRequest,
    ExchangeCall,
    ExchangeRequest,
    ExchangeResponse,
    ExchangeStreamRequest,
    ProveConversionsRequest,
    ProveConversionsResponse,
    RotateCodesRequest,
    RotateCodesResponse,
)
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceStub
from warifu.api.log.v1.log_service_pb2 import (
    CompareLogRequest,
    CompareLogResponse,
    GetConsistencyProofRequest,
    GetConsistencyProofResponse,
    ProveExchangesRequest,
    ProveExchangesResponse,
)
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.party.following import RevocationFollower
from warifu.rpc.channel import PeerChannel
from warifu.rpc.logging import error_fields, get_logger
from warifu.rpc.multiplex import CallStream, StreamedRpc
from warifu.rpc.status import CodeTable, parsed, translated, unconnected_as
from warifu.rpc.width import IN_BULK
from warifu_services.node.lateness import InContact

__all__ = ["BulkHub", "GrpcRotation", "HubContact", "HubLog", "HubProofs", "StreamedHub", "UnaryHub"]

_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.HUB_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.HUB_TIMED_OUT,
    grpc.StatusCode.INTERNAL: Reason.HUB_ANSWER_INVALID,  # what gRPC says of a reply that does not parse
    grpc.StatusCode.UNKNOWN: Reason.HUB_ANSWER_INVALID,
}
_CONTACT_S = 5.0
_RETRY_S = 0.2
_MOST_DOUBLED = 5
_ABSENT = frozenset({Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT})
_FAULTS_OF_WHAT_WAS_SENT = frozenset(
    {
        Reason.REQUEST_MALFORMED,
        Reason.SUITE_UNKNOWN,
        Reason.POINT_INVALID,
        Reason.SIGNATURE_INVALID,
    }
)
"""What a hub may say of what this node made. Whoever the node makes it for has no part in it."""


def _meaning(error: grpc.RpcError | WarifuError) -> WarifuError:
    try:
        with _translated():
            raise error
    except WarifuError as meant:
        return meant


@contextmanager
def _translated() -> Iterator[None]:
    """What a failed call to the hub means. One that found no connection leaves an inquiry open, so it is not definite."""
    with unconnected_as(Reason.HUB_UNREACHABLE), translated(_WITHOUT_REASON):
        yield


class UnaryHub:
    """:class:`warifu_services.node.inquirer.HubPort`, one RPC for each exchange."""

    __slots__ = ("_hub",)

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    async def exchange(self, inquiry: SignedInquiry, timeout: float) -> ExchangeResponse:
        """See the contract."""
        with _translated():
            asked = self._hub.stub(HubServiceStub).Exchange(ExchangeRequest(inquiry=inquiry), timeout=timeout)
            response: ExchangeResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return response

    async def close(self) -> None:
        """Nothing is held between exchanges."""


class StreamedHub:
    """:class:`warifu_services.node.inquirer.HubPort` over one long-lived stream that concurrent exchanges share."""

    __slots__ = ("_stream",)

    def __init__(self, hub: PeerChannel) -> None:
        self._stream: CallStream[ExchangeRequest, ExchangeResponse] = CallStream(hub, self._rpc(hub))

    def _rpc(self, hub: PeerChannel) -> StreamedRpc:
        return StreamedRpc(
            open=lambda messages: hub.stub(HubServiceStub).ExchangeStream(messages),
            alone=lambda request, timeout: hub.stub(HubServiceStub).Exchange(request, timeout=timeout),
            call_type=ExchangeCall,
            message_type=ExchangeStreamRequest,
            error=_meaning,
            timed_out=Reason.HUB_TIMED_OUT,
            ended=Reason.HUB_UNREACHABLE,
            garbled=Reason.HUB_ANSWER_INVALID,
        )

    async def exchange(self, inquiry: SignedInquiry, timeout: float) -> ExchangeResponse:
        """See the contract."""
        return await self._stream.call(ExchangeRequest(inquiry=inquiry), timeout)

    async def close(self) -> None:
        """End the stream."""
        await self._stream.close()


class BulkHub(StreamedHub):
    """The same for exchanges in bulk, on a stream of their own. A hub that does not serve it gets them on ``otherwise``."""

    __slots__ = ("_otherwise",)

    def __init__(self, hub: PeerChannel, otherwise: StreamedHub) -> None:
        self._otherwise = otherwise
        super().__init__(hub)

    def _rpc(self, hub: PeerChannel) -> StreamedRpc:
        return replace(
            super()._rpc(hub),
            open=lambda messages: hub.stub(HubServiceStub).ExchangeBulk(messages),
            alone=lambda request, timeout: self._otherwise.exchange(request.inquiry, timeout),
            message_type=ExchangeBulkRequest,
            width=IN_BULK,
        )


class GrpcRotation:
    """:class:`warifu_services.node.rotation.RotationPort` over the lasting channel to the hub."""

    __slots__ = ("_hub",)

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    async def rotate(self, request: RotateCodesRequest, timeout: float) -> RotateCodesResponse:
        """See the contract."""
        try:
            with _translated():
                asked = self._hub.stub(HubServiceStub).RotateCodes(request, timeout=timeout)
                response: RotateCodesResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
                return response
        except WarifuError as error:
            if error.reason not in _FAULTS_OF_WHAT_WAS_SENT:
                raise
            where = f"the hub: {error.reason.value} {error.where}".rstrip()
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=where) from None


class HubContact:
    """Keeps the hub told where the node listens, and the node's revocation list as new as the hub's."""

    def __init__(
        self, hub: PeerChannel, *, endpoint: str, revocations: RevocationFollower, in_contact: InContact
    ) -> None:
        self._hub = hub
        self._endpoint = endpoint
        self._in_contact = in_contact
        self._revocations = revocations
        self.announced = asyncio.Event()
        self._fault: WarifuError | None = None

    def absence(self) -> str | None:
        """That the hub could not be told where the node listens; None while it knows, or was not yet looked for."""
        return f"the hub: {self._fault}" if self._fault is not None else None

    def fault_fields(self) -> dict[str, str]:
        """Why the hub could not be told last, as fields of a log line; empty while it is in contact."""
        return error_fields(self._fault) if self._fault is not None else {}

    async def keep(self) -> None:
        """Announce, follow the list, and begin again whenever the connection was lost. Runs until cancelled.

        A hub that is away is looked for again at once; one that answers with an error is asked ever less often.
        """
        refusals = 0
        while True:
            try:
                with _translated():
                    await self._announce()
                    await self._revocations.follow()
            except WarifuError as error:
                self.announced.clear()
                self._fault = error
                self._in_contact.end()
                get_logger("node").info("hub_not_in_contact", **error_fields(error))
                refusals = 0 if error.reason in _ABSENT else min(refusals + 1, _MOST_DOUBLED)
                await asyncio.sleep(min(_RETRY_S * 2**refusals, _CONTACT_S))
            else:
                refusals = 0
                await self._while_connected()

    async def _announce(self) -> None:
        request = AnnounceEndpointRequest(endpoint=self._endpoint)
        stub = self._hub.stub(DirectoryServiceStub)
        asked = stub.AnnounceEndpoint(request, timeout=_CONTACT_S, wait_for_ready=True)
        await parsed(asked, Reason.HUB_ANSWER_INVALID)
        self.announced.set()
        self._fault = None
        self._in_contact.begin()

    async def _while_connected(self) -> None:
        """Return when the connection is lost, or after a few seconds."""
        if await _connection_lost(self._hub, _CONTACT_S):
            self._in_contact.end()


class HubProofs:
    """:class:`warifu_services.node.drawn_permits.ProofSource` over the channel to the hub."""

    __slots__ = ("_hub",)

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    async def prove_conversions(self, request: ProveConversionsRequest, timeout: float) -> ProveConversionsResponse:
        """See the contract."""
        with _translated():
            stub = self._hub.stub(HubServiceStub)
            asked = stub.ProveConversions(request, timeout=timeout, wait_for_ready=True)
            told: ProveConversionsResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return told


class HubLog:
    """:class:`warifu_services.node.comparison.HubLogPort` over the channel to the hub."""

    __slots__ = ("_hub",)

    def __init__(self, hub: PeerChannel) -> None:
        self._hub = hub

    async def compare(self, request: CompareLogRequest) -> CompareLogResponse:
        """See the contract."""
        with _translated():
            asked = self._hub.stub(LogServiceStub).CompareLog(request, timeout=_CONTACT_S, wait_for_ready=True)
            told: CompareLogResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return told

    async def prove(self, request: ProveExchangesRequest) -> ProveExchangesResponse:
        """See the contract."""
        with _translated():
            asked = self._hub.stub(LogServiceStub).ProveExchanges(request, timeout=_CONTACT_S)
            told: ProveExchangesResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return told

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """:class:`warifu_services.node.views.ConsistencyPort`."""
        request = GetConsistencyProofRequest(first_size=first, second_size=second)
        with _translated():
            asked = self._hub.stub(LogServiceStub).GetConsistencyProof(request, timeout=_CONTACT_S)
            told: GetConsistencyProofResponse = await parsed(asked, Reason.HUB_ANSWER_INVALID)
            return list(told.hashes)

    async def connection_lost(self, within_s: float) -> None:
        """See the contract."""
        await _connection_lost(self._hub, within_s)


async def _connection_lost(hub: PeerChannel, within_s: float) -> bool:
    """Whether the connection was lost within that time; returns when it is, or when the time is over.

    It is lost, too, where there is none, or it was closed.
    """
    try:
        channel = await hub.channel()
        async with asyncio.timeout(within_s):
            while (state := channel.get_state()) is grpc.ChannelConnectivity.READY:
                await channel.wait_for_state_change(state)
    except TimeoutError:
        return False
    except (WarifuError, grpc.aio.UsageError):
        return True
    return True
