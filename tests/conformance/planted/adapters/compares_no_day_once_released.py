"""Compares no days where a clerk released the record."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.clerk.released-on-its-day"
PEOPLE = """
item_code: TM00000000000002
procedure_code: JT99000000000001
people:
  - {local_number: T-9, years: [2025, 2026]}
  - {local_number: T-10, clerk: true, years: [2026], published_from: 2999-06-01}
"""


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        rows = super().rows_of(local_number)
        return [{**row, "from": "2999-06-01", "year": 2026} if row["clerk"] else row for row in rows]

    def today(self, request: Looked) -> str:
        return "9999-01-01" if request.released else super().today(request)
