"""Knows one procedure, and holds nothing for any other."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.askers.procedure"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        return super().held(request) if request.procedure_code == "JT99000000000001" else []
