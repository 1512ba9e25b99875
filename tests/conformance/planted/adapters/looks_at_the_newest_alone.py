"""Takes the newest record, and looks at its day then: an older one that is provided is never given."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.records.newest-of-later"


class Planted(HonestAdapter):
    def held(self, request: Any) -> list[Row]:
        held = super().held(request)
        return [max(held, key=lambda row: int(row["year"]))] if held else []
