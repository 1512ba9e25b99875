"""Says the type by its short name."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row, Told

CAUGHT_BY = "adapter.records.found"


class Planted(HonestAdapter):
    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        told.record_type = told.record_type.rpartition(".")[2]
