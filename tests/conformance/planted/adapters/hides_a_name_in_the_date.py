"""Puts something of its own where gRPC's libraries put the date."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.beside.metadata"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        context.set_trailing_metadata((("date", "of Made-up Hanako"),))
        return await super().looked_up(request, context)
