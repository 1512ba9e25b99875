"""Says in the error whom it does not know."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told, end

CAUGHT_BY = "adapter.errors.nothing-personal"


class Planted(HonestAdapter):
    async def nothing(self, told: Told, held: list[Row], request: Looked, context: Any) -> None:
        if not held:
            await end(context, grpc.StatusCode.NOT_FOUND, f"no record of {request.local_number}")
        await super().nothing(told, held, request, context)
