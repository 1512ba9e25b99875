"""Looks numbers up with LIKE."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-wildcard"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        if local_number.endswith("%"):
            return [row for row in ROWS if row["number"].startswith(local_number[:-1])]
        return super().rows_of(local_number)
