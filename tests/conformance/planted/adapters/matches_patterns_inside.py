"""Guards its LIKE against % at either end, where its forms put it, and nowhere else."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-percent-inside"


def _alike(pattern: str, number: str) -> bool:
    begin, sign, end = pattern.partition("%")
    return bool(begin and sign and end) and number.startswith(begin) and number.endswith(end)


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == local_number or _alike(local_number, row["number"])]
