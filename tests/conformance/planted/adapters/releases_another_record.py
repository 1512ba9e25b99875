"""Takes the first record of that year once a clerk released it."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.clerk.released-own"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return super().record(next(each for each in ROWS if each["year"] == row["year"]) if row["clerk"] else row)
