"""Keeps the number asked about in the server instead of in the call."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.many.together"


class Planted(HonestAdapter):
    _asked = ""

    async def looked_up(self, request: Looked, context: Any) -> Told:
        self._asked = request.local_number
        await asyncio.sleep(0.05)  # the database
        request.local_number = self._asked
        return await super().looked_up(request, context)
