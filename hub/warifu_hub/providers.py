"""Carrying permits to provider nodes.

Decides where a provider is, which channel to use, and what a broken call means: whether the provider was surely not
asked (PROVIDER_UNREACHABLE) or may have answered (PROVIDER_TIMED_OUT, PROVIDER_FAILED). Moves sealed bytes; opens none.
"""

from __future__ import annotations

import asyncio

import grpc

from warifu.api.agency.v1.agency_service_pb2 import (
    ProvideCall,
    ProvideRequest,
    ProvideResponse,
    ProvideStreamRequest,
)
from warifu.api.agency.v1.agency_service_pb2_grpc import AgencyServiceStub
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedAnswer
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.pki import Identity, Role
from warifu.rpc.channel import ChannelPool, PeerChannel
from warifu.rpc.multiplex import CallStream, StreamedRpc
from warifu.rpc.status import translated, unconnected_as
from warifu_hub.store import HubStore

__all__ = ["GrpcProviders"]

_BROKEN = {
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.PROVIDER_TIMED_OUT,
    grpc.StatusCode.UNAVAILABLE: Reason.PROVIDER_FAILED,
}
_PROVIDERS_OWN = {Reason.PROVIDER_TIMED_OUT, Reason.PROVIDER_FAILED, Reason.PROVIDER_UNREACHABLE}


class GrpcProviders:
    """:class:`warifu_hub.exchange.Providers` over one lasting channel, and on it one lasting stream, per provider node.

    A node that serves no stream is called permit by permit; with ``streamed`` False every node is.
    """

    def __init__(self, *, network: str, channels: ChannelPool, store: HubStore, streamed: bool = True) -> None:
        self._network = network
        self._channels = channels
        self._store = store
        self._streamed = streamed
        self._streams: dict[PeerChannel, CallStream[ProvideRequest, ProvideResponse]] = {}

    async def provide(self, provider: DirectoryEntry, permit: ProvisionPermit, timeout: float) -> SignedAnswer:
        """See the contract."""
        peer = self._peer(provider)
        stream = self._streams.get(peer)
        if stream is None:
            stream = self._streams[peer] = CallStream(peer, _provide_rpc(peer), streamed=self._streamed)
        try:
            response = await stream.call(ProvideRequest(permit=permit), timeout)
        except WarifuError as error:
            raise _of_provider(error) from None
        return response.answer

    async def close(self) -> None:
        """End every stream. Permits still waiting fail as if their provider had broken off."""
        await asyncio.gather(*(stream.close() for stream in self._streams.values()))

    def _peer(self, provider: DirectoryEntry) -> PeerChannel:
        endpoint = self._store.endpoint(provider.institution)
        if endpoint is None:
            raise WarifuError(Reason.PROVIDER_UNREACHABLE, where="provider", debug="it never announced an endpoint")
        expect = Identity(network=self._network, role=Role.AGENCY, institution=provider.institution)
        return self._channels.peer(expect, endpoint)


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


def _provider_error(error: grpc.RpcError | WarifuError) -> WarifuError:
    """What a failed call to a provider means, with the side that failed in the reason."""
    try:
        with unconnected_as(Reason.PROVIDER_UNREACHABLE, whom="provider"), translated(_BROKEN):
            raise error
    except WarifuError as meant:
        return _of_provider(meant)


def _of_provider(told: WarifuError) -> WarifuError:
    """``told`` as an inquirer may see it: what a provider refuses or fails in is the provider's failure."""
    if told.reason in _PROVIDERS_OWN:
        return told
    return WarifuError(Reason.PROVIDER_FAILED, where=f"provider: {told.reason.value}")
