"""Looks people up before it looks who asks."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.certificates.told-as-refusal"


class Planted(HonestAdapter):
    async def LookUp(self, request: Looked, context: Any) -> Told:
        names = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
        if not self.admits([name for name in names if "://" in name], names) and not self.rows_of(request.local_number):
            await end(
                context, grpc.StatusCode.PERMISSION_DENIED, "not the node of this system, and nobody of that number"
            )
        return await super().LookUp(request, context)
