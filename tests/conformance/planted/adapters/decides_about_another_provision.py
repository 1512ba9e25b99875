"""Leaves out which provision it decided about."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.clerk.decision"


class Planted(HonestAdapter):
    def decided(self, request: Any) -> adapter_pb2.GetClerkDecisionResponse:
        told = super().decided(request)
        told.processing_number = "0" * 20
        return told
