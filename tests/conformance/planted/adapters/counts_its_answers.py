"""Counts up something in the record with each answer."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.records.same-again"


class Planted(HonestAdapter):
    _given = 0

    def record(self, row: Row) -> bytes:
        self._given += 1
        return super().record({**row, "income": row["income"] + self._given})
