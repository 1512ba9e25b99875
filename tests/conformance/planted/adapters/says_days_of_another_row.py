"""Says the days of another row than the record's."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row, Told

CAUGHT_BY = "adapter.dates.written"


class Planted(HonestAdapter):
    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        told.publication_start = "2020-04-01"
