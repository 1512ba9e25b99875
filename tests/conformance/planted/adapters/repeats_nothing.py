"""Leaves out whom the answer is about."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.people.repeated"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        told.ClearField("local_number")
        return told
