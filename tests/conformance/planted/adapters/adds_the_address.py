"""Serializes the whole row, the address included."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.records.nothing-else"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return super().record(row) + b"\x7a\x0f1-1 Made-up Town"[:17]
