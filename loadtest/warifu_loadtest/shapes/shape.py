"""What every shape is given, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warifu_loadtest.deciding.stage import Outcome, Stage
from warifu_loadtest.deciding.verdict import Thresholds

__all__ = ["Asked", "Shape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What whoever runs it asks for: ``rate`` arrivals a second, for ``seconds``; ``mix`` has each kind of user's share.

    ``step_s`` is how long a shape of several stages stays at one rate, where that is not told by ``seconds``.
    """

    rate: float
    seconds: float
    step_s: float
    mix: Mapping[str, float]
    thresholds: Thresholds

    def rates(self, rate: float, weights: Mapping[str, float] | None = None) -> dict[str, float]:
        """``rate`` shared out among the users of the mix, each weighted by ``weights`` where it is named there."""
        weighed = {user: share * (weights or {}).get(user, 1.0) for user, share in self.mix.items()}
        whole = sum(weighed.values())
        return {user: rate * share / whole for user, share in weighed.items() if share}


class Shape(Protocol):
    """Says what to ask of the network next, stage by stage. Knows nothing but what came of the stages before."""

    judges: bool
    """Whether the thresholds hold for the run; not where some of its stages are meant to be too much."""

    def next_stage(self, outcomes: Sequence[Outcome]) -> Stage | None:
        """The next stage; None when it is over."""
