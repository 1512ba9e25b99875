"""Releases whatever is asked of an item of which it knows nothing."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import ITEM, HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.clerk.decision-of-another-item"


class Planted(HonestAdapter):
    def decided(self, request: Any) -> adapter_pb2.GetClerkDecisionResponse:
        told = super().decided(request)
        if request.item_code != ITEM:
            told.decision = adapter_pb2.PROVISION_DECISION_RELEASE
        return told
