"""Says with NOT_PUBLISHED from which day on there is something to ask for."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told

CAUGHT_BY = "adapter.dates.not-yet"


class Planted(HonestAdapter):
    async def nothing(self, told: Told, held: list[Row], request: Looked, context: Any) -> None:
        await super().nothing(told, held, request, context)
        if held:
            told.publication_start, told.publication_end = held[0]["from"], held[0]["until"]
