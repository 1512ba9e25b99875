"""A year in miniature, with its peaks: people move in March and April, and June is the month of the tax certificates.

In June the new year's income is there, and children's allowances, insurance premiums and housing are assessed by it. The
proportions are made up: how many exchanges there are in which month is published nowhere that was found (docs/limits.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu_loadtest.deciding.stage import Outcome, Stage
from warifu_loadtest.shapes.shape import Asked

__all__ = ["MONTHS", "TaxSeason"]

MONTHS: tuple[tuple[str, float, float], ...] = (
    ("January", 0.35, 1.0),
    ("February", 0.40, 1.5),
    ("March", 0.60, 6.0),
    ("April", 0.65, 5.0),
    ("May", 0.55, 1.5),
    ("June", 1.00, 1.0),
    ("July", 0.70, 1.0),
    ("August", 0.45, 1.0),
    ("September", 0.40, 1.5),
    ("October", 0.35, 1.0),
    ("November", 0.30, 1.0),
    ("December", 0.30, 1.0),
)
"""Month, share of the peak's rate, and how many times as often as in June people move in."""


class TaxSeason:
    """Twelve months in ``seconds``; ``rate`` is June's."""

    judges = True

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def next_stage(self, outcomes: Sequence[Outcome]) -> Stage | None:
        """See the contract."""
        if len(outcomes) == len(MONTHS):
            return None
        month, share, moving = MONTHS[len(outcomes)]
        rates = self._asked.rates(self._asked.rate * share, {"code_officer": moving})
        return Stage(name=month, rates=rates, seconds=self._asked.seconds / len(MONTHS))
