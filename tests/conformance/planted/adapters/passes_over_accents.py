"""Its database passes over marks on characters."""

from __future__ import annotations

import unicodedata

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-accented"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [
            row
            for row in ROWS
            if row["number"] == "".join(each for each in local_number if not unicodedata.combining(each))
        ]
