"""Folds full-width characters."""

from __future__ import annotations

import unicodedata

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-full-width"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == unicodedata.normalize("NFKC", local_number)]
