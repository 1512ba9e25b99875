"""Requires no certificate in TLS and forgets one of the three calls."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.certificates.none"


class Planted(HonestAdapter):
    def credentials(self) -> grpc.ServerCredentials:
        key, certificate = ((self.folder / name).read_bytes() for name in ("tls.key", "tls.pem"))
        return grpc.ssl_server_credentials([(key, certificate)])

    async def check_caller(self, context: Any) -> None:
        """Only whoever shows a certificate in TLS could be looked at; the calls that matter are closed in the application."""

    async def LookUp(self, request: Any, context: Any) -> adapter_pb2.LookUpResponse:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "not the node of this system")
        raise AssertionError
