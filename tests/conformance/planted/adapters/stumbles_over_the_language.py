"""Keeps people in an object of its language, which has names of its own."""

from __future__ import annotations

from typing import Any

import grpc
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

CAUGHT_BY = "adapter.people.number-of-the-language"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        if request.local_number in {"constructor", "toString", "__proto__"}:
            await end(context, grpc.StatusCode.UNKNOWN, "rows.filter is not a function")
        return await super().looked_up(request, context)
