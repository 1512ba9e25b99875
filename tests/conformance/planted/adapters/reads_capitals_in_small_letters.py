"""Has its numbers in small letters, and writes every number so before it looks it up."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-upper-case"
PEOPLE = """
people:
  - {local_number: t-9}
"""


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [{**row, "number": "t-9"} for row in ROWS if row["number"] == "T-9" and local_number.lower() == "t-9"]
