"""Has a clerk decide wherever somebody else asks than the office that always does."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.askers.institution"


class Planted(HonestAdapter):
    _usual = ""

    async def looked_up(self, request: Looked, context: Any) -> Told:
        self._usual = self._usual or request.inquirer
        told = await super().looked_up(request, context)
        if told.record and request.inquirer != self._usual and not request.released:
            pending = adapter_pb2.LOOK_UP_OUTCOME_PENDING
            return Told(local_number=told.local_number, item_code=told.item_code, outcome=pending)
        return told
