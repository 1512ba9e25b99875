"""The hub's ways to be asked, taken over by the kit; everything else of the hub stays the hub's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import grpc

from warifu.api.hub.v1 import hub_service_pb2 as hub_pb2
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.rpc.multiplex import serve_calls
from warifu.rpc.status import to_grpc_status

__all__ = ["Answering", "PlayedHub"]

Answering = Callable[[SignedInquiry], Awaitable[hub_pb2.ExchangeResponse]]
_EXCHANGE = "/warifu.api.hub.v1.HubService/Exchange"
_STREAMS: dict[str, tuple[type[Any], type[Any]]] = {
    "/warifu.api.hub.v1.HubService/ExchangeStream": (hub_pb2.ExchangeStreamRequest, hub_pb2.ExchangeStreamResponse),
    "/warifu.api.hub.v1.HubService/ExchangeBulk": (hub_pb2.ExchangeBulkRequest, hub_pb2.ExchangeBulkResponse),
}


async def _nobody(_: SignedInquiry) -> hub_pb2.ExchangeResponse:
    raise WarifuError(Reason.OVERLOADED, where="no case asks for anything now")


class PlayedHub(grpc.aio.ServerInterceptor):
    """``answering`` answers inquiries now; ``callers`` are the URIs of whoever brought one."""

    def __init__(self) -> None:
        self.answering: Answering = _nobody
        self.callers: list[tuple[str, ...]] = []

    def rest(self) -> None:
        """Answer nobody."""
        self.answering = _nobody
        self.callers.clear()

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """See :class:`grpc.aio.ServerInterceptor`."""
        if handler_call_details.method == _EXCHANGE:
            return grpc.unary_unary_rpc_method_handler(
                self._exchange, hub_pb2.ExchangeRequest.FromString, hub_pb2.ExchangeResponse.SerializeToString
            )
        if handler_call_details.method in _STREAMS:
            request_type, response_type = _STREAMS[handler_call_details.method]
            return grpc.stream_stream_rpc_method_handler(
                partial(self._stream, response_type), request_type.FromString, response_type.SerializeToString
            )
        return await continuation(handler_call_details)

    async def _exchange(self, request: hub_pb2.ExchangeRequest, context: Any) -> hub_pb2.ExchangeResponse:
        self._note(context)
        try:
            return await self.answering(request.inquiry)
        except WarifuError as error:
            await context.abort_with_status(to_grpc_status(error))
            raise

    async def _stream(self, response_type: type[Any], messages: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async def handle(request: hub_pb2.ExchangeRequest, _: float) -> hub_pb2.ExchangeResponse:
            self._note(context)
            return await self.answering(request.inquiry)

        async for response in serve_calls(
            messages,
            handle=handle,
            reply_type=hub_pb2.ExchangeReply,
            response_type=response_type,
        ):
            yield response

    def _note(self, context: Any) -> None:
        names = context.auth_context().get("x509_subject_alternative_name", ())
        self.callers.append(tuple(name.decode() for name in names if b"://" in name))
