"""A server that stands in for the hub with a certificate that is not the hub's, and would answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc

from warifu_kit.conformance.wire.calls import Pair
from warifu_kit.conformance.wire.played_hub import Answering, PlayedHub

__all__ = ["Impostor", "impostor"]


class Impostor(grpc.GenericRpcHandler):
    """``called`` are the methods of whatever was called, whether it was answered or not."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.endpoint = ""

    def service(self, handler_call_details: Any) -> None:
        """See :class:`grpc.GenericRpcHandler`: there is nothing but what the played hub serves."""


class _Noting(grpc.aio.ServerInterceptor):
    def __init__(self, called: list[str]) -> None:
        self._called = called

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        self._called.append(handler_call_details.method.rpartition("/")[2])
        return await continuation(handler_call_details)


@asynccontextmanager
async def impostor(shown: Pair, answering: Answering) -> AsyncIterator[Impostor]:
    """One that answers exchanges so, until the end. It asks nobody for a certificate."""
    made, hub = Impostor(), PlayedHub()
    hub.answering = answering
    server = grpc.aio.server(interceptors=[_Noting(made.called), hub])
    server.add_generic_rpc_handlers((made,))
    credentials = grpc.ssl_server_credentials([(shown.key_pem, shown.chain_pem)])
    made.endpoint = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', credentials)}"
    await server.start()
    try:
        yield made
    finally:
        await server.stop(0)
