"""Ends early where it has nothing of the year."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.not-given"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if self.held(request):
            await asyncio.sleep(0.008)
        return await super().looked_up(request, context)
