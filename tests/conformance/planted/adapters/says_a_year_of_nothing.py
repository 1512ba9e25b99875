"""Says the current year whether there is a record or not."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.people.nothing-of-a-record"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        told.fiscal_year = told.fiscal_year or 2026
        return told
