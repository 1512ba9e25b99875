"""Takes a backslash for one that quotes what comes behind it."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-escaped"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == local_number.replace("\\", "")]
