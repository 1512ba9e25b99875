"""Everything that is told of a run, as rows of plain values.

Decides which figures there are and what they are called; not how they look. Times are in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warifu_loadtest.deciding.histogram import PERCENTILES, Histogram
from warifu_loadtest.deciding.knee import Knee
from warifu_loadtest.deciding.peer import Peer
from warifu_loadtest.deciding.stage import Outcome
from warifu_loadtest.deciding.verdict import keeps_up, missed, whole_tally
from warifu_loadtest.shapes import Asked, Saturation, Shape

__all__ = ["Told", "times"]

_BUSY = 0.8
"""A process that makes calls and has used so much of a core is itself part of what it measures."""


def times(took: Histogram) -> dict[str, float]:
    """Percentiles and the greatest, in milliseconds."""
    found = {f"p{percent:g}_ms": round(took.percentile(percent) / 1000, 3) for percent in PERCENTILES}
    return {**found, "max_ms": round(took.greatest / 1000, 3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a run. ``facts`` has what each process ran on."""

    shape: Shape
    asked: Asked
    outcomes: Sequence[Outcome]
    facts: Sequence[Mapping[str, str]]
    peer: Peer | None = None

    def missed(self) -> list[str]:
        """Each threshold that was missed; of a search, that it found nothing. In sentences."""
        if self.shape.judges:
            return missed(self.asked.thresholds, self.outcomes)
        found = [f"{name}: said nothing of a stage: lost" for outcome in self.outcomes for name in outcome.lost]
        knee = self.knee()
        return found if knee is not None and knee.held is not None else [*found, "no rate held"]

    def knee(self) -> Knee | None:
        """Where the network ceases to keep up, if that was looked for."""
        return self.shape.knee(self.outcomes) if isinstance(self.shape, Saturation) else None

    def stages(self) -> list[dict[str, Any]]:
        """A row a stage."""
        return [
            {
                "stage": outcome.stage.name,
                "seconds": round(outcome.whole.seconds, 3),
                "asked_per_s": round(outcome.asked, 2),
                "achieved_per_s": round(outcome.achieved, 2),
                "due": outcome.whole.due,
                "open_at_end": outcome.open_at_end,
                "ended_late": outcome.whole.ended_late,
                "never_begun": outcome.whole.never_begun,
                "cut_off": outcome.whole.cut_off,
                "calls": outcome.whole.tally.calls,
                "failed": outcome.whole.tally.failures,
                **times(outcome.whole.tally.took(without=self.asked.thresholds.patient)),
                "started_late_p99_ms": round(outcome.whole.late.percentile(99) / 1000, 3),
                "busiest_process": round(outcome.busiest, 2),
                "kept_up": keeps_up(self.asked.thresholds, outcome),
            }
            for outcome in self.outcomes
        ]

    def calls(self) -> list[dict[str, Any]]:
        """A row for each user, RPC and end."""
        seconds = sum(outcome.whole.seconds for outcome in self.outcomes)
        return [
            {
                "user": end.user,
                "rpc": end.rpc,
                "end": end.reason,
                "meant": end.meant,
                "count": line.took.count,
                "per_s": round(line.took.count / seconds, 2) if seconds else 0.0,
                **times(line.took),
            }
            for end, line in whole_tally(self.outcomes).lines()
        ]

    def hops(self) -> list[dict[str, Any]]:
        """A row for each hop of the calls whose parties told their times, in the order of the way."""
        whole: dict[str, Histogram] = {}
        for outcome in self.outcomes:
            for name, took in outcome.whole.hops.items():
                whole.setdefault(name, Histogram()).merge(took)
        return [
            {"hop": name, "count": took.count, "mean_ms": round(took.mean / 1000, 3), **times(took)}
            for name, took in whole.items()
        ]

    def beside(self) -> list[dict[str, Any]]:
        """A row for what was seen here of one RPC, and one for what ghz saw of it."""
        if self.peer is None or not self.peer.theirs.count:
            return []
        seen = (("this load test", self.peer.ours), ("ghz", self.peer.theirs))
        return [{"seen by": who, "rpc": self.peer.rpc, "count": took.count, **times(took)} for who, took in seen]

    def samples(self) -> list[dict[str, str]]:
        """A few words for each way in which calls did not simply succeed."""
        return [
            {"user": end.user, "rpc": end.rpc, "end": end.reason, "meant": str(end.meant), "said": sample}
            for end, line in whole_tally(self.outcomes).lines()
            for sample in line.samples
        ]

    def warnings(self) -> list[str]:
        """What makes the figures say more about whoever called than about the network."""
        busy = [outcome.stage.name for outcome in self.outcomes if outcome.busiest >= _BUSY]
        found = []
        if busy:
            found.append(f"a process that makes calls was busy for {_BUSY:.0%} or more of: {', '.join(busy)}; use more")
        late = [outcome for outcome in self.outcomes if outcome.whole.never_begun]
        if late:
            found.append("calls found nobody free to make them; raise --users, if the network was not the reason")
        if self.peer is not None and self.peer.said:
            found.append(f"ghz is here and could not be compared with: {self.peer.said}")
        return found

    def told(self) -> dict[str, Any]:
        """All of it."""
        knee = self.knee()
        total = whole_tally(self.outcomes)
        return {
            "simulated": True,
            "shape": type(self.shape).__name__,
            "mix": dict(self.asked.mix),
            "thresholds": {
                "p99_ms": self.asked.thresholds.p99_ms,
                "failed_share": self.asked.thresholds.failed_share,
                "achieved_share": self.asked.thresholds.achieved_share,
            },
            "missed": self.missed(),
            "warnings": self.warnings(),
            "knee": {"held_per_s": knee.held, "not_held_per_s": knee.not_held} if knee else None,
            "calls_in_all": total.calls,
            "failed_in_all": total.failures,
            "stages": self.stages(),
            "calls": self.calls(),
            "hops": self.hops(),
            "beside": self.beside(),
            "samples": self.samples(),
            "processes": [dict(each) for each in self.facts],
        }
