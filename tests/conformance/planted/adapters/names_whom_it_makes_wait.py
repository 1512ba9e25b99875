"""Bounds what is under way, and tells those whom it refuses whom they asked about."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.many.flood"


class Planted(HonestAdapter):
    _under_way = 0

    async def looked_up(self, request: Looked, context: Any) -> Told:
        self._under_way += 1
        try:
            if self._under_way > 64:
                await end(context, grpc.StatusCode.RESOURCE_EXHAUSTED, f"{request.local_number} has to wait")
            await asyncio.sleep(0.02)
            return await super().looked_up(request, context)
        finally:
            self._under_way -= 1
