"""Names another message where a clerk released the record."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row, Told

CAUGHT_BY = "adapter.clerk.released"


class Planted(HonestAdapter):
    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        if row["clerk"]:
            told.record_type = "warifu.api.record.v1.ResidentRecord"
