"""Lets in the one certificate that its node had when it was set up."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, end

CAUGHT_BY = "adapter.certificates.right"


class Planted(HonestAdapter):
    _first: bytes = b""

    async def check_caller(self, context: Any) -> None:
        await super().check_caller(context)
        (shown,) = context.auth_context().get("x509_pem_cert", (b"",))
        self._first = self._first or shown
        if shown != self._first:
            await end(context, grpc.StatusCode.PERMISSION_DENIED, "another certificate than at first")
