"""Gives the newest year whichever was asked for."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.records.year-asked-for"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        newest = Looked()
        newest.CopyFrom(request)
        newest.fiscal_year = 0
        return super().held(newest)
