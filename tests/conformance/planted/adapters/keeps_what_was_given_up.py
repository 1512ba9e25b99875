"""Gives a connection to its database back only where the call ends well."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.many.given-up"


class Planted(HonestAdapter):
    _left = 64

    async def looked_up(self, request: Looked, context: Any) -> Told:
        if self._left <= 0:
            return Told(
                local_number=request.local_number, item_code=request.item_code, outcome="LOOK_UP_OUTCOME_NOT_HELD"
            )
        self._left -= 1
        await asyncio.sleep(0.02)  # the database
        self._left += 1
        return await super().looked_up(request, context)
