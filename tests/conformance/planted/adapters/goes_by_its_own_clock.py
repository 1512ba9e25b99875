"""Goes by its own clock instead of the day asked on."""

from __future__ import annotations

from datetime import date

from tests.conformance.honest_adapter import HonestAdapter, Looked

CAUGHT_BY = "adapter.dates.asked-on"


class Planted(HonestAdapter):
    def today(self, request: Looked) -> str:
        return date.today().isoformat()  # noqa: DTZ011  # the mistake
