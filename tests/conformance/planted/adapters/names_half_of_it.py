"""Tells the digits of the number in an error."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.errors.nothing-personal"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.fiscal_year > 9999 or len(request.asked_on) != 10:
            await end(context, grpc.StatusCode.INVALID_ARGUMENT, f"bad question {request.local_number[-4:]}")
        return await super().looked_up(request, context)
