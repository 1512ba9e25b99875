"""Builds its question of the number, within double quotation marks."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-quoted-otherwise"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(local_number.partition('"')[0])
