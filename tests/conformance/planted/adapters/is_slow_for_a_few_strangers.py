"""Keeps numbers in eight parts, one of which is on a slow disk."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.strangers"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if not self.rows_of(request.local_number) and sum(request.local_number.encode()) % 8 == 0:
            await asyncio.sleep(0.02)
        return await super().looked_up(request, context)
