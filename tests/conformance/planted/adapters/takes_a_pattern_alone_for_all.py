"""Takes % alone for everybody, as its lists do."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-percent-alone"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == local_number or local_number == "%"]
