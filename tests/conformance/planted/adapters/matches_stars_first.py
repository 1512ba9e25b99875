"""Looks numbers up by their end where a form put a star before it."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-star-first"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number or (local_number[:1] == "*" and row["number"].endswith(local_number[1:]))
        ]
