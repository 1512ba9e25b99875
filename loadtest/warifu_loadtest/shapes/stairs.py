"""Five steps up to the rate asked for, each as long as the others."""

from __future__ import annotations

from collections.abc import Sequence

from warifu_loadtest.deciding.stage import Outcome, Stage
from warifu_loadtest.shapes.shape import Asked

__all__ = ["Stairs"]

_STEPS = 5


class Stairs:
    """A fifth of ``rate``, two fifths, and so on; ``seconds`` in all."""

    judges = True

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def next_stage(self, outcomes: Sequence[Outcome]) -> Stage | None:
        """See the contract."""
        step = len(outcomes) + 1
        if step > _STEPS:
            return None
        rates = self._asked.rates(self._asked.rate * step / _STEPS)
        return Stage(name=f"step {step}", rates=rates, seconds=self._asked.seconds / _STEPS)
