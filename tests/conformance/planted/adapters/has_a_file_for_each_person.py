"""Keeps each person in a file that has the number's name."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-of-a-path"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(local_number.removeprefix("./"))
