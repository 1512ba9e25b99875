"""Looks numbers up as a shell looks up files."""

from __future__ import annotations

import fnmatch

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-question-mark"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if fnmatch.fnmatchcase(row["number"], local_number)]
