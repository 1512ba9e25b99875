"""Looks numbers up with LIKE, and escapes the percent sign alone."""

from __future__ import annotations

import re

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-underscore"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if re.fullmatch(re.escape(local_number).replace("_", "."), row["number"])]
