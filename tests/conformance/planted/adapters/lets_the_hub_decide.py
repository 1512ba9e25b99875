"""Lets the hub ask what a clerk has decided."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2

CAUGHT_BY = "adapter.certificates.of-hub"


class Planted(HonestAdapter):
    async def GetClerkDecision(self, request: Any, context: Any) -> adapter_pb2.GetClerkDecisionResponse:
        names = [name.decode() for name in context.auth_context().get("x509_subject_alternative_name", ())]
        if not any("/hub/" in name for name in names):
            await self.check_caller(context)
        return self.decided(request)
