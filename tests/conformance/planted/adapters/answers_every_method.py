"""Answers whatever it is called with."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.errors.no-such-method"


class Planted(HonestAdapter):
    async def serve(self) -> tuple[grpc.aio.Server, str]:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((_Everything(),))
        port = server.add_secure_port("127.0.0.1:0", self.credentials())
        await server.start()
        return server, f"127.0.0.1:{port}"


class _Everything(grpc.GenericRpcHandler):
    def service(self, handler_call_details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(_nothing)


async def _nothing(request: bytes, context: Any) -> bytes:
    return b""
