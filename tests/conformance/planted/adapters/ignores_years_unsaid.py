"""Ignores the year that is asked for, where the people's file says no years."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.records.year-not-held"
PEOPLE = """
people:
  - {local_number: T-9}
"""


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        return self.rows_of(request.local_number)
