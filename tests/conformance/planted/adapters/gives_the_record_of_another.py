"""Gives the record of whoever stands before it in the table."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.contents.own"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        other = ROWS[(ROWS.index(row) + 2) % len(ROWS)]
        return super().record({**row, "income": other["income"]})
