"""Puts into the metadata how many rows it read."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.people.same-manner"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if rows := self.held(request):
            context.set_trailing_metadata((("rows-read", str(len(rows))),))
        return await super().looked_up(request, context)
