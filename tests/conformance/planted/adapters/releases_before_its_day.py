"""Compares no day where a clerk released it, though none decides about that person."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told

CAUGHT_BY = "adapter.clerk.released-without-clerk"


class Planted(HonestAdapter):
    _released = False

    async def looked_up(self, request: Looked, context: Any) -> Told:
        self._released = request.released
        return await super().looked_up(request, context)

    def is_provided(self, row: Row, today: str) -> bool:
        return super().is_provided(row, today) or (self._released and not row["clerk"])
