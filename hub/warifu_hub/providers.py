"""Carrying permits to provider nodes.

Decides where a provider is, which channel to use, and what a broken call means: whether the provider was surely not
asked (PROVIDER_UNREACHABLE) or may have answered (PROVIDER_TIMED_OUT, PROVIDER_FAILED). Moves sealed bytes; opens none.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, replace

import grpc

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideBulkRequest,
    ProvideCall,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
)
from warifu.api.agency.v1.agency_service_pb2_grpc import AgencyServiceStub
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity, Role
from warifu.rpc.channel import ChannelPool, PeerChannel
from warifu.rpc.multiplex import CallStream, StreamedRpc
from warifu.rpc.status import translated, unconnected_as
from warifu.rpc.width import IN_BULK
from warifu_hub.store import ExchangeStore

__all__ = ["BulkProviders", "GrpcProviders"]

_BROKEN = {
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.PROVIDER_TIMED_OUT,
    grpc.StatusCode.UNAVAILABLE: Reason.PROVIDER_FAILED,
}
_PROVIDERS_OWN = {Reason.PROVIDER_TIMED_OUT, Reason.PROVIDER_FAILED, Reason.PROVIDER_UNREACHABLE}


_COLLECT_AFTER_S = 5.0  # so that nodes which move about cost the hub one such look in so long, some 50 ms


@dataclass(frozen=True, slots=True)
class _Reached:
    """One provider, and the streams to it where it is: one for what is waited for, one for what was asked in bulk."""

    expect: Identity
    endpoint: str
    stream: CallStream[ProvideRequest, ProvideResponse]
    bulk: CallStream[ProvideRequest, ProvideResponse]

    async def close(self) -> None:
        await asyncio.gather(self.stream.close(), self.bulk.close())


class GrpcProviders:
    """:class:`warifu_hub.exchange.Providers` over one lasting channel, and on it two lasting streams, per provider node.

    One is for permits in bulk; a node that does not serve it gets those on the other. A node that serves no stream is called
    permit by permit; with ``streamed`` False every node is.
    """

    def __init__(self, *, network: str, channels: ChannelPool, store: ExchangeStore, streamed: bool = True) -> None:
        self._network = network
        self._channels = channels
        self._store = store
        self._streamed = streamed
        self._reached: dict[InstitutionCode, _Reached] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._collecting: asyncio.TimerHandle | None = None

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """See the contract."""
        return await _provided((await self._reach(provider.institution)).stream, permit, timeout)

    async def provide_in_bulk(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """The same, for what was asked in bulk."""
        return await _provided((await self._reach(provider.institution)).bulk, permit, timeout)

    async def close(self) -> None:
        """End every stream. Permits still waiting fail as if their provider had broken off."""
        if self._collecting is not None:
            self._collecting.cancel()
        await asyncio.gather(*(reached.close() for reached in self._reached.values()), *self._leaving)

    async def _reach(self, institution: InstitutionCode) -> _Reached:
        """How ``institution`` is called where it is now. Where it was before, nothing is kept."""
        endpoint = await self._store.endpoint(institution)
        if endpoint is None:
            raise WarifuError(Reason.PROVIDER_UNREACHABLE, where="provider", debug="it never announced an endpoint")
        known = self._reached.get(institution)
        if known is not None and known.endpoint == endpoint:
            return known
        if known is not None:
            leaving = asyncio.create_task(self._leave(known))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        expect = Identity(network=self._network, role=Role.AGENCY, institution=institution)
        peer = self._channels.peer(expect, endpoint)
        stream = CallStream[ProvideRequest, ProvideResponse](peer, _provide_rpc(peer), streamed=self._streamed)
        bulk = CallStream[ProvideRequest, ProvideResponse](peer, _bulk_rpc(peer, stream), streamed=self._streamed)
        reached = self._reached[institution] = _Reached(expect, endpoint, stream, bulk)
        return reached

    async def _leave(self, reached: _Reached) -> None:
        await reached.close()
        await self._channels.drop(reached.expect, reached.endpoint)
        if self._collecting is None:
            self._collecting = asyncio.get_running_loop().call_later(_COLLECT_AFTER_S, self._collect)

    def _collect(self) -> None:
        """Let go of what calls on closed channels still hold: in circles, and so until rubbish is looked for, which an idle hub does not."""
        self._collecting = None
        gc.collect()


class BulkProviders:
    """:class:`warifu_hub.exchange.Providers` for what was asked in bulk."""

    __slots__ = ("_providers",)

    def __init__(self, providers: GrpcProviders) -> None:
        self._providers = providers

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """See the contract."""
        return await self._providers.provide_in_bulk(provider, permit, timeout)


async def _provided(
    stream: CallStream[ProvideRequest, ProvideResponse], permit: ProvisionPermit, timeout: float
) -> SignedAnswer:
    try:
        response = await stream.call(ProvideRequest(permit=permit), timeout)
    except WarifuError as error:
        raise _of_provider(error) from None
    return response.answer


def _provide_rpc(peer: PeerChannel) -> StreamedRpc:
    return StreamedRpc(
        open=lambda messages: peer.stub(AgencyServiceStub).ProvideStream(messages),
        alone=lambda request, timeout: peer.stub(AgencyServiceStub).Provide(request, timeout=timeout),
        call_type=ProvideCall,
        message_type=ProvideStreamRequest,
        error=_provider_error,
        timed_out=Reason.PROVIDER_TIMED_OUT,
        ended=Reason.PROVIDER_FAILED,
        garbled=Reason.PROVIDER_FAILED,
    )


def _bulk_rpc(peer: PeerChannel, otherwise: CallStream[ProvideRequest, ProvideResponse]) -> StreamedRpc:
    return replace(
        _provide_rpc(peer),
        open=lambda messages: peer.stub(AgencyServiceStub).ProvideBulk(messages),
        alone=otherwise.call,
        message_type=ProvideBulkRequest,
        width=IN_BULK,
    )


def _provider_error(error: grpc.RpcError | WarifuError) -> WarifuError:
    """What a failed call to a provider means, with the side that failed in the reason."""
    try:
        with unconnected_as(Reason.PROVIDER_UNREACHABLE, whom="provider"), translated(_BROKEN):
            raise error
    except WarifuError as meant:
        return _of_provider(meant)


def _of_provider(told: WarifuError) -> WarifuError:
    """``told`` as an inquirer may see it: what a provider refuses or fails in is the provider's failure.

    Whether that is definite the hub says by itself: a provider's word for it is not the hub's.
    """
    if told.reason in _PROVIDERS_OWN:
        return WarifuError(told.reason, where=told.where, debug=told.debug)
    return WarifuError(Reason.PROVIDER_FAILED, where=f"provider: {told.reason.value}")
