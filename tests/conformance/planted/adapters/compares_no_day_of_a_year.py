"""Compares days only where no year is asked for."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked

CAUGHT_BY = "adapter.dates.not-yet"


class Planted(HonestAdapter):
    def today(self, request: Looked) -> str:
        return "9999-01-01" if request.fiscal_year else super().today(request)
