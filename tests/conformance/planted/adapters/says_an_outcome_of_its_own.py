"""Says "found" by a number of its own, which the contract has not."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.records.found"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        if told.outcome == adapter_pb2.LOOK_UP_OUTCOME_FOUND:
            told.outcome = 77  # type: ignore[assignment]
        return told
