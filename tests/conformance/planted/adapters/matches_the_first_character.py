"""Takes an underscore in front for any character."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-begins-with-underscore"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row for row in ROWS if row["number"][1:] == local_number[1:] and local_number[0] in ("_", row["number"][0])
        ]
