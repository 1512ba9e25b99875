"""Looks numbers up as its search form does, with stars."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-star"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number
            or (local_number.endswith("*") and row["number"].startswith(local_number[:-1]))
        ]
