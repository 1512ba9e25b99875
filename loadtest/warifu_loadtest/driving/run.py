"""One run: the stages of a shape, one after the other, then the report and whether it was good enough.

Decides when the run ends: with its shape, or when somebody ends it, and then with what has come so far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from gevent.event import Event  # type: ignore[import-untyped]  # publishes no types

from warifu_loadtest.deciding.peer import Peer
from warifu_loadtest.deciding.stage import Outcome
from warifu_loadtest.driving.crew import Crew
from warifu_loadtest.report.told import Told
from warifu_loadtest.shapes import Asked, Shape

__all__ = ["Run"]

Beside = Callable[[Event], Peer | None]


class Run:
    """A run that can be ended from elsewhere."""

    def __init__(self, crew: Crew, shape: Shape, asked: Asked, seed: str, beside: Beside = lambda _: None) -> None:
        """``beside`` is asked, once the stages are over, what another tool sees of the same network."""
        self._beside = beside
        self._crew = crew
        self._shape = shape
        self._asked = asked
        self._seed = seed
        self._cut = Event()
        self.over = Event()

    def go(self, said: Callable[[str], object]) -> Told:
        """Do all stages; what came of them. ``said`` hears of each."""
        outcomes: list[Outcome] = []
        while not self._cut.is_set() and (stage := self._shape.next_stage(outcomes)) is not None:
            outcomes.append(self._crew.run(len(outcomes), stage, self._seed, self._cut))
            said(_words(outcomes[-1], self._asked.thresholds.patient))
        peer = self._beside(self._cut) if self._shape.judges else None
        return Told(shape=self._shape, asked=self._asked, outcomes=outcomes, facts=list(self._crew.facts), peer=peer)

    def end(self, patience_s: float) -> None:
        """End the stage under way and wait until the report is there."""
        self._cut.set()
        self.over.wait(patience_s)


def _words(outcome: Outcome, patient: Collection[str]) -> str:
    p99_ms = outcome.whole.tally.took(without=patient).percentile(99) / 1000
    return (
        f"{outcome.stage.name}: asked {outcome.asked:,.1f}/s, achieved {outcome.achieved:,.1f}/s,"
        f" p99 {p99_ms:,.1f} ms, failed {outcome.whole.tally.failures}, open at the end {outcome.open_at_end}"
    )
