"""Takes 26 for 2026."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.records.year-not-held"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        asked = Looked()
        asked.CopyFrom(request)
        asked.fiscal_year += 2000 if 0 < request.fiscal_year < 100 else 0
        return super().held(asked)
