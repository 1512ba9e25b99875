"""Keeps whom it found by the number of the exchange, and forgets which year and which day it was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.again.other-question"


class Planted(HonestAdapter):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept: dict[tuple[str, str], Told] = {}

    async def looked_up(self, request: Looked, context: Any) -> Told:
        key = (request.processing_number, request.local_number)
        if key not in self._kept:
            self._kept[key] = await super().looked_up(request, context)
        return self._kept[key]
