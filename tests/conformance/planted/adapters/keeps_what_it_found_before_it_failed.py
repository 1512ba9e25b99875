"""Looks the person up, stumbles over the day, and gives what it found to whoever is asked about next."""

from __future__ import annotations

from datetime import date
from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told, end

CAUGHT_BY = "adapter.afterwards.as-ever"


class Planted(HonestAdapter):
    _found: list[Row] | None = None

    async def looked_up(self, request: Looked, context: Any) -> Told:
        self._found = self._found or super().held(request)
        try:
            date.fromisoformat(request.asked_on)
        except ValueError:
            await end(context, grpc.StatusCode.INVALID_ARGUMENT, "no such day")
        told = await super().looked_up(request, context)
        self._found = None
        return told

    def held(self, request: Looked) -> list[Row]:
        return super().held(request) if self._found is None else self._found
