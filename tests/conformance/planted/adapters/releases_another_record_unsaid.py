"""The same, where the people's file does not say what stands in whose record: unknown is no pass."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.clerk.released-own"
ENDS = "unknown"
PEOPLE = """
people:
  - {local_number: T-9, years: [2025, 2026]}
  - {local_number: T-10, years: [2026], clerk: true}
"""


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return super().record(next(each for each in ROWS if each["year"] == row["year"]) if row["clerk"] else row)
