"""Adds the name to a record that a clerk released."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.beside.fields"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return super().record(row) + (b"\xc2\x3e\x07Made-up" if row["clerk"] else b"")
