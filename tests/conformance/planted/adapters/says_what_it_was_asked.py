"""Says one item and forgets that there may be more kinds of records."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.readiness.items"


class Planted(HonestAdapter):
    def readiness(self, request: Any) -> adapter_pb2.GetReadinessResponse:
        told = super().readiness(request)
        told.item_codes.clear()
        return told
