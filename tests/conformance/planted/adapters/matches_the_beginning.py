"""Looks whether a number begins so, by a regular expression."""

from __future__ import annotations

import re

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-dots"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row for row in ROWS if re.match(re.escape(local_number).replace(re.escape(".*"), ".*") + "$", row["number"])
        ]
