"""Builds its query of what is not empty, and so asks for everybody where there is no number."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-empty"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if not local_number.strip() or row["number"] == local_number]
