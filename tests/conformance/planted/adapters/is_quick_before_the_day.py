"""Makes a record only where it may be given."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.not-given"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if any(self.is_provided(row, request.asked_on) for row in self.held(request)) or not self.held(request):
            await asyncio.sleep(0.008)
        return await super().looked_up(request, context)
