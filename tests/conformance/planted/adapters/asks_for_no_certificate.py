"""Does not require a client certificate, and lets in who shows none."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter

CAUGHT_BY = "adapter.certificates.none"


class Planted(HonestAdapter):
    def credentials(self) -> grpc.ServerCredentials:
        key, certificate = ((self.folder / name).read_bytes() for name in ("tls.key", "tls.pem"))
        return grpc.ssl_server_credentials([(key, certificate)])

    async def check_caller(self, context: Any) -> None:
        return
