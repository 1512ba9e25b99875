"""Decodes numbers as if they came in the address of a page."""

from __future__ import annotations

from urllib.parse import unquote

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-percent-coded"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == unquote(local_number)]
