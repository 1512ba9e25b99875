"""A node's calls to the business system behind it, and whether that is there.

Decides what a broken call means: ADAPTER_UNREACHABLE when no connection was made, it broke off or there is no room,
ADAPTER_TIMED_OUT when nothing came in time, ADAPTER_ANSWER_INVALID for any other end. Its address and its words stay in this node's own log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from warifu.agency import Agency, Decision, Found, HeldProvision, LookUp, Pending
from warifu.api.adapter.v1.adapter_service_pb2 import GetReadinessRequest
from warifu.api.adapter.v1.adapter_service_pb2_grpc import AdapterServiceStub
from warifu.errors import Reason, WarifuError
from warifu.party.folder import PartySettings
from warifu.pki import Identity, Role
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool, PeerChannel
from warifu.rpc.status import UnparsedReplyError, unconnected_as
from warifu_services.node.adapter.messages import (
    decision_request,
    look_up_request,
    read_decision,
    read_found,
    read_readiness,
)

__all__ = ["AdapterContact", "GrpcAdapter", "adapter_contact"]

_CONTACT_S = 5.0
_RETRY_S = 0.5
_REPLY_S = 3.0
_BROKEN_OFF = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED})
_TOO_LARGE = "larger than max"  # gRPC's own words, under RESOURCE_EXHAUSTED, of a message that it does not take

T = TypeVar("T")


class GrpcAdapter:
    """:class:`warifu.agency.LiveSource` over the lasting channel to the business system."""

    __slots__ = ("_adapter",)

    def __init__(self, adapter: PeerChannel) -> None:
        self._adapter = adapter

    async def look_up(self, asked: LookUp) -> Found | Pending:
        """See the contract."""
        return read_found(asked, await _reply(self._stub.LookUp(look_up_request(asked), timeout=asked.seconds)))

    async def decide(self, held: HeldProvision) -> Decision:
        """See the contract."""
        asking = self._stub.GetClerkDecision(decision_request(held), timeout=held.seconds)
        return read_decision(held, await _reply(asking))

    async def check_ready(self, institution: str, items: frozenset[str]) -> None:
        """See that it is there and ready for the items. Raises: ADAPTER_UNREACHABLE, …_TIMED_OUT, …_ANSWER_INVALID."""
        asking = self._stub.GetReadiness(GetReadinessRequest(institution_code=institution), timeout=_REPLY_S)
        read_readiness(institution, items, await _reply(asking))

    @property
    def _stub(self) -> Any:
        return self._adapter.stub(AdapterServiceStub)


class AdapterContact:
    """Keeps looking whether the business system, ``adapter``, is there and ready. ``tried`` is set once it was looked for."""

    def __init__(self, adapter: GrpcAdapter, *, institution: str, items: frozenset[str]) -> None:
        self.adapter = adapter
        self._institution = institution
        self._items = items
        self._fault: WarifuError | None = None
        self.tried = asyncio.Event()

    def absence(self) -> str | None:
        """Why it is not there or not ready; None while it is, or was not yet looked for."""
        return str(self._fault) if self._fault is not None else None

    async def keep(self, reached: Callable[[], None]) -> None:
        """Look every few seconds, sooner while it is not there; ``reached`` hears each time it is. Runs until cancelled."""
        while True:
            try:
                await self.adapter.check_ready(self._institution, self._items)
                self._fault = None
                reached()
            except WarifuError as error:
                self._fault = error
            self.tried.set()
            await asyncio.sleep(_CONTACT_S if self._fault is None else _RETRY_S)


def adapter_contact(
    channels: ChannelPool, address: str | None, settings: PartySettings, agency: Agency
) -> AdapterContact | None:
    """The contact to the agency's own business system at ``address``, and to nobody else's there; None without one.

    Raises: CONFIG_INVALID when ``address`` is no host:port.
    """
    if address is None:
        return None
    check_address(address, where=f"adapter {address}")
    own = settings.institution_code
    expect = Identity(network=settings.network, role=Role.BUSINESS, institution=own)
    adapter = GrpcAdapter(channels.peer(expect, address))
    items = (item for item, provided in agency.provides.items() if provided.record_type is not Message)
    return AdapterContact(adapter, institution=own, items=frozenset(items))


async def _reply(call: Awaitable[T]) -> T:
    """What the business system replies. Raises: ADAPTER_UNREACHABLE, ADAPTER_TIMED_OUT, ADAPTER_ANSWER_INVALID."""
    try:
        with unconnected_as(Reason.ADAPTER_UNREACHABLE, whom="adapter"):
            return await call
    except UnparsedReplyError:
        raise WarifuError(Reason.ADAPTER_ANSWER_INVALID, where="adapter: its reply does not parse") from None
    except grpc.aio.AioRpcError as error:
        code, is_large = error.code(), _TOO_LARGE in (error.details() or "")
    ended = f"adapter: it ended the call with {code.name}"
    if code in _BROKEN_OFF and not is_large:
        raise WarifuError(Reason.ADAPTER_UNREACHABLE, where=ended)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        raise WarifuError(Reason.ADAPTER_TIMED_OUT, where="adapter: no answer in time")
    raise WarifuError(Reason.ADAPTER_ANSWER_INVALID, where=ended)
