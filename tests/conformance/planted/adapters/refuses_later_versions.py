"""Refuses fields of a later version."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.unknown_fields import UnknownFieldSet
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.records.unknown-field"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if len(UnknownFieldSet(request)):
            await end(context, grpc.StatusCode.INVALID_ARGUMENT, "a field that there is not")
        return await super().looked_up(request, context)
