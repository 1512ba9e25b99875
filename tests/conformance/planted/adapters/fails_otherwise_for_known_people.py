"""Ends with another status for somebody whom it knows."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.errors.same-for-everybody"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.fiscal_year > 9999 or len(request.asked_on) != 10:
            await end(
                context,
                grpc.StatusCode.INTERNAL if self.rows_of(request.local_number) else grpc.StatusCode.INVALID_ARGUMENT,
                "bad question",
            )
        return await super().looked_up(request, context)
