"""Leaves the days of the record in an answer that is PENDING."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row, Told

CAUGHT_BY = "adapter.clerk.pending"


class Planted(HonestAdapter):
    def hold_back(self, told: Told, row: Row) -> None:
        super().hold_back(told, row)
        told.publication_start = row["from"]
