"""Says the calendar year, and the record the fiscal one."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row, Told

CAUGHT_BY = "adapter.records.year-of-the-record"


class Planted(HonestAdapter):
    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        told.fiscal_year -= 1
