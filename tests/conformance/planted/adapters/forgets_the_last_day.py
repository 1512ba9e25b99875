"""Compares the last day with < instead of <=."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.dates.last-day"


class Planted(HonestAdapter):
    def is_provided(self, row: Row, today: str) -> bool:
        return bool(row["from"] <= today and (not row["until"] or today < row["until"]))
