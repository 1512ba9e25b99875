"""Tells in an error which year was asked for."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.errors.nothing-personal"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.fiscal_year > 9999:
            await end(context, grpc.StatusCode.INVALID_ARGUMENT, f"no year {request.fiscal_year}")
        return await super().looked_up(request, context)
