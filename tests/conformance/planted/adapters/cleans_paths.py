"""Takes what is behind the last slash for the file's name."""

from __future__ import annotations

from pathlib import PurePosixPath

from tests.conformance.honest_adapter import HonestAdapter, Row

CAUGHT_BY = "adapter.people.number-behind-a-folder"


class Planted(HonestAdapter):
    def rows_of(self, local_number: str) -> list[Row]:
        return super().rows_of(PurePosixPath(local_number).name if "x/" in local_number else local_number)
