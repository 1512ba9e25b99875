"""Takes a question that it cannot read for an empty one."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.message import DecodeError
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.errors.garbled"


class Planted(HonestAdapter):
    async def serve(self) -> tuple[grpc.aio.Server, str]:
        server = grpc.aio.server()
        service = "warifu.api.adapter.v1.AdapterService"
        handlers: dict[str, Any] = {
            "LookUp": grpc.unary_unary_rpc_method_handler(self.LookUp, _read, Told.SerializeToString),
            "GetReadiness": grpc.unary_unary_rpc_method_handler(self.GetReadiness, _read, _written),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        port = server.add_secure_port("127.0.0.1:0", self.credentials())
        await server.start()
        return server, f"127.0.0.1:{port}"


def _read(body: bytes) -> Looked:
    try:
        return Looked.FromString(body)
    except DecodeError:
        return Looked()


def _written(told: Any) -> bytes:
    return bytes(told.SerializeToString())
