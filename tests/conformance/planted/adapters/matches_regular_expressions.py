"""Looks numbers up as regular expressions."""

from __future__ import annotations

import re

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-dot"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if _matches(local_number, row["number"])]


def _matches(pattern: str, number: str) -> bool:
    try:
        return re.fullmatch(pattern, number) is not None
    except re.error:
        return False
