"""Fills in the one item that it provides, whatever was asked for."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import ITEM, HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.records.other-item"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        told.item_code = ITEM
        return told
