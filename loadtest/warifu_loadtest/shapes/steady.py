"""The same rate from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence

from warifu_loadtest.deciding.stage import Outcome, Stage
from warifu_loadtest.shapes.shape import Asked

__all__ = ["Steady"]


class Steady:
    """One stage of ``rate`` for ``seconds``."""

    judges = True

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def next_stage(self, outcomes: Sequence[Outcome]) -> Stage | None:
        """See the contract."""
        if outcomes:
            return None
        return Stage(name="steady", rates=self._asked.rates(self._asked.rate), seconds=self._asked.seconds)
