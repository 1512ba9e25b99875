"""Looks numbers up with GLOB, in which brackets are a class of characters."""

from __future__ import annotations

import fnmatch

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-bracketed"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == local_number
            or ("[" in local_number and fnmatch.fnmatchcase(row["number"], local_number))
        ]
