"""AgencyService: proto in, core, proto out. Only the hub calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from warifu.api.agency.v1 import agency_service_pb2 as agency_pb2
from warifu.api.agency.v1.agency_service_pb2_grpc import AgencyServiceServicer
from warifu.exchange.context import request_id_of
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.arrival import ArrivalGate
from warifu.rpc.deadline import remaining
from warifu.rpc.identity import AnyContext
from warifu.rpc.logging import bind
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.width import IN_BULK
from warifu_services.node.provider import Provider

__all__ = ["AGENCY_ACCESS", "AgencyServicer"]

_SERVICE = "/warifu.api.agency.v1.AgencyService"

AGENCY_ACCESS: AccessTable = {
    f"{_SERVICE}/Provide": frozenset({Role.HUB}),
    f"{_SERVICE}/ProvideStream": frozenset({Role.HUB}),
    f"{_SERVICE}/ProvideBulk": frozenset({Role.HUB}),
}
"""Who may call which method of AgencyService."""


class AgencyServicer(AgencyServiceServicer):
    """The generated base says what each method is for."""

    def __init__(self, provider: Provider, *, stopping: asyncio.Event | None = None) -> None:
        """Streams take no more calls once ``stopping`` is set, and end."""
        self._provider = provider
        self._stopping = stopping
        self._one_by_one = ArrivalGate()

    async def Provide(self, request: agency_pb2.ProvideRequest, context: AnyContext) -> agency_pb2.ProvideResponse:
        """Answer one permitted inquiry."""
        async with self._one_by_one.passing():
            return await self._provide(request, remaining(context))

    async def ProvideStream(
        self, request_iterator: AsyncIterator[agency_pb2.ProvideStreamRequest], context: AnyContext
    ) -> AsyncIterator[agency_pb2.ProvideStreamResponse]:
        """Answer many permitted inquiries, each as :meth:`Provide` would."""
        async for response in serve_calls(
            request_iterator,
            handle=self._provide,
            reply_type=agency_pb2.ProvideReply,
            response_type=agency_pb2.ProvideStreamResponse,
            stopping=self._stopping,
        ):
            yield response

    async def ProvideBulk(
        self, request_iterator: AsyncIterator[agency_pb2.ProvideBulkRequest], context: AnyContext
    ) -> AsyncIterator[agency_pb2.ProvideBulkResponse]:
        """Answer permitted inquiries that were made in bulk, each as :meth:`Provide` would."""
        async for response in serve_calls(
            request_iterator,
            handle=self._provide,
            reply_type=agency_pb2.ProvideReply,
            response_type=agency_pb2.ProvideBulkResponse,
            stopping=self._stopping,
            width=IN_BULK,
        ):
            yield response

    async def _provide(self, request: agency_pb2.ProvideRequest, left: float | None) -> agency_pb2.ProvideResponse:
        bind(request_id=request_id_of(request.permit.inquiry.context))
        return agency_pb2.ProvideResponse(answer=await self._provider.provide(request.permit, left))
