"""What the authority answers to an agency that acquires codes, changed on its way by the kit; the rest stays the authority's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc

from warifu.api.authority.v1.authority_service_pb2 import (
    AcquireCodeResponse,
    AcquireCodesResponse,
    ConversionReceipt,
    IssuedCode,
)
from warifu.rpc.edge import behaviour_of

__all__ = ["PlayedAuthority", "SpoilIssue"]

SpoilIssue = Callable[[Sequence[IssuedCode], ConversionReceipt], None]
_SERVICE = "/warifu.api.authority.v1.AuthorityService"


def _honest(_: Sequence[IssuedCode], __: ConversionReceipt) -> None:
    pass


class PlayedAuthority(grpc.aio.ServerInterceptor):
    """``spoil`` changes codes and receipt before they leave."""

    def __init__(self) -> None:
        self.spoil: SpoilIssue = _honest

    def rest(self) -> None:
        """Change nothing."""
        self.spoil = _honest

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        if handler is not None and handler_call_details.method == f"{_SERVICE}/AcquireCode":
            return grpc.stream_unary_rpc_method_handler(self._one(behaviour_of(handler)))
        if handler is not None and handler_call_details.method == f"{_SERVICE}/AcquireCodes":
            return grpc.stream_stream_rpc_method_handler(self._many(behaviour_of(handler)))
        return handler

    def _one(self, behaviour: Callable[..., Any]) -> Callable[..., Any]:
        async def call(received: Any, context: Any) -> bytes:
            response = AcquireCodeResponse.FromString(await behaviour(received, context))
            self.spoil([response.issued_code], response.receipt)
            return response.SerializeToString()

        return call

    def _many(self, behaviour: Callable[..., Any]) -> Callable[..., Any]:
        async def call(received: Any, context: Any) -> AsyncIterator[bytes]:
            async for body in behaviour(received, context):
                response = AcquireCodesResponse.FromString(body)
                self.spoil(response.issued_codes, response.receipt)
                yield response.SerializeToString()

        return call
