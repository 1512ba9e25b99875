"""Is slow for a stranger at first, and remembers then that there is none."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.times.strangers"


class Planted(HonestAdapter):
    _nobody: frozenset[str] = frozenset()

    async def looked_up(self, request: Looked, context: Any) -> Told:
        if not self.rows_of(request.local_number) and request.local_number not in self._nobody:
            self._nobody |= {request.local_number}
            await asyncio.sleep(0.01)
        return await super().looked_up(request, context)
