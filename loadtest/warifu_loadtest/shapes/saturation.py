"""More and more, until the network no longer keeps up; then between, until the knee is known within a small interval.

A rate holds when its stage keeps all thresholds. The search stops by itself (``warifu_loadtest.deciding.knee``).
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu_loadtest.deciding.knee import Knee, Probe, Search, knee_of, next_rate
from warifu_loadtest.deciding.stage import Outcome, Stage
from warifu_loadtest.deciding.verdict import keeps_up
from warifu_loadtest.shapes.shape import Asked

__all__ = ["Saturation"]


class Saturation:
    """Stages of ``step_s``, the first of ``rate``."""

    judges = False

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._search = Search(start=asked.rate)

    def next_stage(self, outcomes: Sequence[Outcome]) -> Stage | None:
        """See the contract."""
        rate = next_rate(self._search, self._probes(outcomes))
        if rate is None:
            return None
        return Stage(name=f"{rate:,.0f}/s", rates=self._asked.rates(rate), seconds=self._asked.step_s)

    def knee(self, outcomes: Sequence[Outcome]) -> Knee:
        """The interval in which the knee is, by the stages so far."""
        return knee_of(self._probes(outcomes))

    def _probes(self, outcomes: Sequence[Outcome]) -> list[Probe]:
        # By number: a rate that a stage shares out and adds up again need not be the same to the last digit.
        probes: list[Probe] = []
        for outcome in outcomes:
            rate = next_rate(self._search, probes)
            if rate is None:
                break
            probes.append(Probe(rate, keeps_up(self._asked.thresholds, outcome)))
        return probes
