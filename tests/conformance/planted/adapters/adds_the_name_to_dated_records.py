"""Adds the name to a record that ends on a day."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.records.nothing-else"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return super().record(row) + (b"\xc2\x3e\x07Made-up" if row["until"] else b"")
