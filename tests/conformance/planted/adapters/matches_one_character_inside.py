"""Looks numbers up with LIKE, in which _ is a character."""

from __future__ import annotations

from tests.conformance.honest_adapter import ROWS, HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-underscore-inside"


def _alike(pattern: str, number: str) -> bool:
    place = pattern.find("_", 1, -1)
    return (
        place > 0
        and len(pattern) == len(number)
        and pattern[:place] == number[:place]
        and pattern[place + 1 :] == number[place + 1 :]
    )


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return [row for row in ROWS if row["number"] == local_number or _alike(local_number, row["number"])]
