"""Puts the number into the address of another service as it is."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-with-query"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(urlsplit(f"http://people/{local_number}").path[1:])
