"""Keeps answers by the number of their exchange, and puts into them whom it is asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.again.other-person"


class Planted(HonestAdapter):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept: dict[str, Told] = {}

    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.processing_number not in self._kept:
            self._kept[request.processing_number] = await super().looked_up(request, context)
        told = Told()
        told.CopyFrom(self._kept[request.processing_number])
        told.local_number, told.item_code = request.local_number, request.item_code
        return told
