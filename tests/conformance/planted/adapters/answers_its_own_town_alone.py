"""Finds somebody for institutions of its own town, and nobody for those of another."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row

CAUGHT_BY = "adapter.askers.institution"


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        own = self.settings["institution_code"][3:9]
        return super().held(request) if request.inquirer[3:9] == own else []
