"""Orders by year the wrong way round."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.records.newest-year"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        return super().held(request)[:1]
