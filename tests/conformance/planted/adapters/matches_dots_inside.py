"""Looks numbers up by a regular expression, and quotes only what is at its ends."""

from __future__ import annotations

import re

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-dot-inside"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number
            or ("." in local_number[1:-1] and re.fullmatch(local_number, row["number"]) is not None)
        ]
