"""Trims the local number before it looks it up."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-with-space"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(local_number.strip())
