"""Says to the whole network that it is ready: what is there to hide?"""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.certificates.every-call"


class Planted(HonestAdapter):
    async def GetReadiness(self, request: Any, context: Any) -> adapter_pb2.GetReadinessResponse:
        return self.readiness(request)
