"""Repeats the institution that it is asked about as its own."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.readiness.whoever-is-meant"


class Planted(HonestAdapter):
    def readiness(self, request: Any) -> adapter_pb2.GetReadinessResponse:
        told = super().readiness(request)
        told.institution_code = request.institution_code
        return told
