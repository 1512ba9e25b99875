"""Keeps the row that it found in the server instead of in the call."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told

CAUGHT_BY = "adapter.many.two-known"


class Planted(HonestAdapter):
    _row: Row

    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        if told.record:
            self._row = self.held(request)[-1]
            await asyncio.sleep(0.01)  # the database
            self.fill(told, self._row)
        return told
