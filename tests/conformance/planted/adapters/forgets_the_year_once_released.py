"""Gives the newest record once a clerk released it, whichever year was asked for."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.clerk.released-own"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        if request.released:
            return self.rows_of(request.local_number)
        return super().held(request)
