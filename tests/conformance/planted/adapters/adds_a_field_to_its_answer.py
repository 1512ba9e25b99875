"""Answers with a field that the contract has not, around the record."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

CAUGHT_BY = "adapter.beside.fields"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        return Told.FromString(told.SerializeToString() + b"\xc2\x3e\x07Made-up")
