"""Says its version where the contract has no field for it."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.beside.fields"


class Planted(HonestAdapter):
    def readiness(self, request: Any) -> adapter_pb2.GetReadinessResponse:
        told = super().readiness(request).SerializeToString()
        return adapter_pb2.GetReadinessResponse.FromString(told + b"\xc2\x3e\x051.0.2")
