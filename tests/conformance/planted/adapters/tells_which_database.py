"""Tells in the metadata of every answer which of its databases answered."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.beside.metadata"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        await context.send_initial_metadata((("x-database", "east-2"),))
        return await super().looked_up(request, context)
