"""Asks the office before it about numbers that look like its own."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.strangers"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.local_number.startswith("T-") and not self.rows_of(request.local_number):
            await asyncio.sleep(0.012)
        return await super().looked_up(request, context)
