"""A node's link to the numbering authority: one stream for each acquisition.

Decides what a broken stream means: AUTHORITY_UNREACHABLE, or AUTHORITY_ANSWER_INVALID where what came does not parse, and
whatever was not answered is asked again by the caller.
"""

from __future__ import annotations

import asyncio
from typing import Any

import grpc

from warifu.api.authority.v1.authority_service_pb2 import AcquireCodesRequest, AcquireCodesResponse
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.errors import Reason, WarifuError
from warifu.rpc.channel import PeerChannel
from warifu.rpc.status import CodeTable, translated, unconnected_as

__all__ = ["GrpcAuthority"]

_WITHOUT_REASON: CodeTable = {
    grpc.StatusCode.UNAVAILABLE: Reason.AUTHORITY_UNREACHABLE,
    grpc.StatusCode.CANCELLED: Reason.AUTHORITY_UNREACHABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.AUTHORITY_UNREACHABLE,
    grpc.StatusCode.INTERNAL: Reason.AUTHORITY_ANSWER_INVALID,
}


class GrpcAuthority:
    """:class:`warifu_services.node.acquisition.AuthorityPort` over the lasting channel to the authority."""

    __slots__ = ("_authority",)

    def __init__(self, authority: PeerChannel) -> None:
        self._authority = authority

    def session(self) -> _Session:
        """See the contract."""
        return _Session(self._authority)


class _Session:
    """:class:`warifu_services.node.acquisition.AcquisitionSession` as one gRPC stream."""

    __slots__ = ("_authority", "_call")

    def __init__(self, authority: PeerChannel) -> None:
        self._authority = authority
        with unconnected_as(Reason.AUTHORITY_UNREACHABLE):
            self._call: Any = authority.stub(AuthorityServiceStub).AcquireCodes()

    async def ask(self, request: AcquireCodesRequest) -> None:
        """See the contract."""
        with unconnected_as(Reason.AUTHORITY_UNREACHABLE), translated(_WITHOUT_REASON):
            self._authority.check()  # the list may have come while the stream was open
            try:
                await self._call.write(request)
            except asyncio.InvalidStateError:  # the stream ended; reading says why
                raise WarifuError(Reason.AUTHORITY_UNREACHABLE, debug="the stream ended") from None

    async def answer(self) -> AcquireCodesResponse:
        """See the contract."""
        with unconnected_as(Reason.AUTHORITY_UNREACHABLE), translated(_WITHOUT_REASON):
            message = await self._call.read()
        if message is grpc.aio.EOF:
            raise WarifuError(Reason.AUTHORITY_UNREACHABLE, debug="the stream ended")
        answer: AcquireCodesResponse = message
        return answer

    async def close(self) -> None:
        """See the contract."""
        self._call.cancel()
