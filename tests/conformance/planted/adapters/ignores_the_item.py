"""Does not look which item is asked for."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.records.other-item"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        return [row for row in self.rows_of(request.local_number) if request.fiscal_year in (0, row["year"])]
