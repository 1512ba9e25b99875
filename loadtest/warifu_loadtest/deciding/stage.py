"""A stage: a stretch of time with one rate and one mix of users; and what came of it.

Decides what *asked*, *achieved* and *open at the end* mean. It knows nothing of who drives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from warifu_loadtest.deciding.histogram import Histogram
from warifu_loadtest.deciding.tally import Tally

__all__ = ["Outcome", "Part", "Stage", "put_together"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``rates`` has the arrivals a second of each kind of user, all processes together."""

    name: str
    rates: Mapping[str, float]
    seconds: float

    @property
    def rate(self) -> float:
        """Arrivals a second, of all users."""
        return sum(self.rates.values())


@dataclass(slots=True, kw_only=True)
class Part:
    """What one process saw of a stage.

    ``due`` arrivals should have started. Of those ``ended`` ended before the stage did, and ``ended_late`` after it, in the
    grace that follows; ``never_begun`` found nobody to make them, and ``cut_off`` were still open when the grace was over.
    ``late`` has how much after its due time each started, ``hops`` where the time of those calls went whose parties told it.
    """

    seconds: float
    due: int = 0
    ended: int = 0
    ended_late: int = 0
    never_begun: int = 0
    cut_off: int = 0
    cpu_s: float = 0.0
    late: Histogram = field(default_factory=Histogram)
    tally: Tally = field(default_factory=Tally)
    hops: dict[str, Histogram] = field(default_factory=dict)

    def hop(self, name: str, took_us: int) -> None:
        """Count what one timed call took at one of its hops."""
        self.hops.setdefault(name, Histogram()).add(took_us)

    def merge(self, other: Part) -> None:
        """Count what another process saw of the same stage, too."""
        self.seconds = max(self.seconds, other.seconds)
        for name in _NUMBERS[1:]:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.late.merge(other.late)
        self.tally.merge(other.tally)
        for name, took in other.hops.items():
            self.hops.setdefault(name, Histogram()).merge(took)

    def told(self) -> dict[str, Any]:
        """As plain values, for a message."""
        numbers = {name: getattr(self, name) for name in _NUMBERS}
        hops = {name: took.told() for name, took in self.hops.items()}
        return {**numbers, "late": self.late.told(), "tally": self.tally.told(), "hops": hops}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Part:
        """What :meth:`told` gave."""
        numbers = {name: told[name] for name in _NUMBERS}
        hops = {name: Histogram.read(each) for name, each in told["hops"].items()}
        return cls(**numbers, late=Histogram.read(told["late"]), tally=Tally.read(told["tally"]), hops=hops)


_NUMBERS = ("seconds", "due", "ended", "ended_late", "never_begun", "cut_off", "cpu_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a stage in all processes. ``lost`` names those that never said what they saw."""

    stage: Stage
    whole: Part
    busiest: float
    lost: tuple[str, ...] = ()

    @property
    def asked(self) -> float:
        """Arrivals that were due, a second."""
        return self.whole.due / self.whole.seconds if self.whole.seconds else 0.0

    @property
    def achieved(self) -> float:
        """Arrivals that ended inside the stage, a second."""
        return self.whole.ended / self.whole.seconds if self.whole.seconds else 0.0

    @property
    def open_at_end(self) -> int:
        """Arrivals that were due and had not ended when the stage did."""
        return self.whole.due - self.whole.ended

    @property
    def share_achieved(self) -> float:
        """Of what was due, what ended inside the stage; 1 where nothing was due."""
        return self.whole.ended / self.whole.due if self.whole.due else 1.0


def put_together(stage: Stage, parts: Iterable[Part], lost: Iterable[str] = ()) -> Outcome:
    """The outcome of a stage of which each process saw a part."""
    whole, busiest = Part(seconds=0.0), 0.0
    for part in parts:
        whole.merge(part)
        busiest = max(busiest, part.cpu_s / part.seconds if part.seconds else 0.0)
    return Outcome(stage=stage, whole=whole, busiest=busiest, lost=tuple(lost))
