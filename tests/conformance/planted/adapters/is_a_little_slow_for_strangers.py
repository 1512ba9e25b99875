"""Looks once more for whom it does not know, in a table beside."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.strangers"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if not self.rows_of(request.local_number):
            await asyncio.sleep(0.006)
        return await super().looked_up(request, context)
