"""HubService: proto in, core, proto out. One short method per RPC; every decision is elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.hub.v1.hub_service_pb2_grpc import HubServiceServicer
from warifu.exchange.context import request_id_of
from warifu.pki import Role
from warifu.rpc.access import AccessTable
from warifu.rpc.arrival import ArrivalGate
from warifu.rpc.bounds import Bounds
from warifu.rpc.deadline import remaining
from warifu.rpc.identity import AnyContext, caller
from warifu.rpc.logging import bind
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.width import IN_BULK
from warifu_hub.drawn_conversions import DrawnConversions
from warifu_hub.exchange import MediatedExchange, Mediator
from warifu_hub.issuing import CodeConverter
from warifu_hub.leaves import timestamp_ms
from warifu_hub.newest_streams import NewestStreams

__all__ = ["HUB_ACCESS", "HUB_BOUNDS", "HUB_QUICK", "LARGEST_MESSAGE", "HubServicer", "exchange_response"]

_SERVICE = "/warifu.api.hub.v1.HubService"

LARGEST_MESSAGE = 1280 * 1024
"""The largest message to a hub, in bytes: a mebibyte of exchanges on a stream, and one more."""

HUB_BOUNDS = Bounds(connection_calls=100, connections=16, calls=256)
"""What one caller may make a hub hold: exchanges that come in great numbers share a stream, which is one call."""

_MOST_STREAMS = 4
"""How many streams of exchanges one caller may have: one is needed, and others whose loss the hub has not noticed."""

HUB_ACCESS: AccessTable = {
    f"{_SERVICE}/Exchange": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ExchangeStream": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ExchangeBulk": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ConvertIssuedCodes": frozenset({Role.AUTHORITY}),
    f"{_SERVICE}/RotateCodes": frozenset({Role.AGENCY}),
    f"{_SERVICE}/ProveConversions": frozenset({Role.AGENCY}),
}
"""Who may call which method of HubService."""

HUB_QUICK = frozenset({f"{_SERVICE}/ProveConversions"})
"""Those that wait for nobody else."""


def exchange_response(mediated: MediatedExchange) -> hub_pb2.ExchangeResponse:
    """A mediated exchange as the contract says it."""
    stored = mediated.stored
    return hub_pb2.ExchangeResponse(
        processing_number=stored.processing_number,
        answer=mediated.answer,
        permitted_position=stored.permitted_position,
        permit_time=timestamp_ms(stored.permit_ms),
        permission_row=stored.permission_row,
    )


class HubServicer(HubServiceServicer):
    """The generated base says what each method is for."""

    def __init__(
        self,
        mediator: Mediator,
        converter: CodeConverter,
        drawn: DrawnConversions,
        *,
        bulk: Mediator | None = None,
        stopping: asyncio.Event | None = None,
    ) -> None:
        """``bulk`` mediates what is asked in bulk. Streams take no more calls once ``stopping`` is set, and end."""
        self._mediator = mediator
        self._bulk = bulk or mediator
        self._converter = converter
        self._drawn = drawn
        self._stopping = stopping
        self._streams = NewestStreams(_MOST_STREAMS)
        self._bulk_streams = NewestStreams(_MOST_STREAMS)
        self._one_by_one = ArrivalGate()

    async def Exchange(self, request: hub_pb2.ExchangeRequest, context: AnyContext) -> hub_pb2.ExchangeResponse:
        """Mediate one exchange."""
        bind(request_id=request_id_of(request.inquiry.context))
        async with self._one_by_one.passing():
            mediated = await self._mediator.exchange(caller(context), request.inquiry, remaining(context))
        return exchange_response(mediated)

    async def ExchangeStream(
        self, request_iterator: AsyncIterator[hub_pb2.ExchangeStreamRequest], context: AnyContext
    ) -> AsyncIterator[hub_pb2.ExchangeStreamResponse]:
        """Mediate many exchanges, each as :meth:`Exchange` would."""
        identity = caller(context)

        async def handle(request: hub_pb2.ExchangeRequest, left: float) -> hub_pb2.ExchangeResponse:
            bind(request_id=request_id_of(request.inquiry.context))
            return exchange_response(await self._mediator.exchange(identity, request.inquiry, left))

        async with self._streams.place(identity):
            async for response in serve_calls(
                request_iterator,
                handle=handle,
                reply_type=hub_pb2.ExchangeReply,
                response_type=hub_pb2.ExchangeStreamResponse,
                stopping=self._stopping,
            ):
                yield response

    async def ExchangeBulk(
        self, request_iterator: AsyncIterator[hub_pb2.ExchangeBulkRequest], context: AnyContext
    ) -> AsyncIterator[hub_pb2.ExchangeBulkResponse]:
        """Mediate many exchanges that nobody waits for one by one, each as :meth:`Exchange` would."""
        identity = caller(context)

        async def handle(request: hub_pb2.ExchangeRequest, left: float) -> hub_pb2.ExchangeResponse:
            bind(request_id=request_id_of(request.inquiry.context))
            return exchange_response(await self._bulk.exchange(identity, request.inquiry, left))

        async with self._bulk_streams.place(identity):
            async for response in serve_calls(
                request_iterator,
                handle=handle,
                reply_type=hub_pb2.ExchangeReply,
                response_type=hub_pb2.ExchangeBulkResponse,
                stopping=self._stopping,
                width=IN_BULK,
            ):
                yield response

    async def ConvertIssuedCodes(
        self, request: hub_pb2.ConvertIssuedCodesRequest, context: AnyContext
    ) -> hub_pb2.ConvertIssuedCodesResponse:
        """Convert a batch of codes being issued."""
        return await self._converter.convert(caller(context), request)

    async def RotateCodes(
        self, request: hub_pb2.RotateCodesRequest, context: AnyContext
    ) -> hub_pb2.RotateCodesResponse:
        """Convert a batch of the caller's codes to its next code epoch."""
        return await self._converter.rotate(caller(context), request)

    async def ProveConversions(
        self, request: hub_pb2.ProveConversionsRequest, context: AnyContext
    ) -> hub_pb2.ProveConversionsResponse:
        """Prove the conversions in permits that the caller drew."""
        return hub_pb2.ProveConversionsResponse(proven=await self._drawn.prove(caller(context), request.permits))
