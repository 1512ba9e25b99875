"""Takes a star inside a number for anything."""

from __future__ import annotations

import fnmatch

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-star-inside"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number
            or ("*" in local_number[1:-1] and fnmatch.fnmatchcase(row["number"], local_number))
        ]
