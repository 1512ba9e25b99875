"""Looks for what stands between two %, as its search form does."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-percent-around"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number
            or (
                local_number[:1] == local_number[-1:] == "%"
                and local_number.strip("%")
                and local_number.strip("%") in row["number"]
            )
        ]
