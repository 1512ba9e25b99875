"""Looks whether a clerk decides only where no year is asked for."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.clerk.pending"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        asked = Looked()
        asked.CopyFrom(request)
        asked.released = request.released or bool(request.fiscal_year)
        return await super().looked_up(asked, context)
