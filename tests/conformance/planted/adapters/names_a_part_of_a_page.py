"""Puts the number into an address, of which what is behind # is never sent."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-with-fragment"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(local_number.partition("#")[0])
