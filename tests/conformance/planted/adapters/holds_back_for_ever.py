"""Never looks at released."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.clerk.released"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        request.released = False
        return await super().looked_up(request, context)
