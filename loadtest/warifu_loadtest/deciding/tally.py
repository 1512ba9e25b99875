"""What became of calls: for each user, RPC and reason how many there were and how long they took.

Decides what a failure is: an end that the user who made the call did not mean. A refusal that it meant is none; an answer
where it meant a refusal is one. Keeps a few samples of each end in words, which come from the error catalogue and hold nothing
personal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from warifu_loadtest.deciding.histogram import Histogram

__all__ = ["ANSWERED", "CUT_OFF", "NEVER_BEGUN", "PENDING", "UNMEANT_ANSWER", "End", "Line", "Tally"]

ANSWERED, PENDING = "answered", "pending"
CUT_OFF = "OPEN_AT_END"
NEVER_BEGUN = "NEVER_BEGUN"
UNMEANT_ANSWER = "ANSWERED_INSTEAD"
"""The end of a call that should have been refused."""

_SAMPLES = 3


class End(NamedTuple):
    """How a call ended: the reason of the error catalogue, or one of the words above; and whether its user meant that."""

    user: str
    rpc: str
    reason: str
    meant: bool


@dataclass(slots=True)
class Line:
    """All calls that ended alike. ``samples`` are in words; none for what was answered."""

    took: Histogram = field(default_factory=Histogram)
    samples: list[str] = field(default_factory=list)


class Tally:
    """Counts calls by their :class:`End`."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: dict[End, Line] = {}

    def add(self, end: End, took_us: int, sample: str = "") -> None:
        """Count one call."""
        line = self._lines.setdefault(end, Line())
        line.took.add(took_us)
        self._keep(line, [sample] if sample else [])

    def merge(self, other: Tally) -> None:
        """Count what ``other`` counted, too."""
        for end, theirs in other._lines.items():
            line = self._lines.setdefault(end, Line())
            line.took.merge(theirs.took)
            self._keep(line, theirs.samples)

    @staticmethod
    def _keep(line: Line, samples: list[str]) -> None:
        for sample in samples:
            if sample not in line.samples and len(line.samples) < _SAMPLES:
                line.samples.append(sample)

    def lines(self) -> Iterator[tuple[End, Line]]:
        """Each end with its calls, in order of their names."""
        return iter(sorted(self._lines.items(), key=lambda each: each[0]))

    @property
    def calls(self) -> int:
        """How many calls there were."""
        return sum(line.took.count for line in self._lines.values())

    @property
    def failures(self) -> int:
        """How many ended as their users did not mean."""
        return sum(line.took.count for end, line in self._lines.items() if not end.meant)

    def took(self, user: str = "", rpc: str = "", without: Collection[str] = ()) -> Histogram:
        """How long calls took, of this user and RPC where they are given, and not of the users ``without``.

        Failed ones too, for people waited for them.
        """
        found = Histogram()
        for end, line in self._lines.items():
            if user in ("", end.user) and rpc in ("", end.rpc) and end.user not in without:
                found.merge(line.took)
        return found

    def told(self) -> list[dict[str, Any]]:
        """As plain values, for a message."""
        return [{**end._asdict(), "took": line.took.told(), "samples": line.samples} for end, line in self.lines()]

    @classmethod
    def read(cls, told: Iterable[Mapping[str, Any]]) -> Tally:
        """What :meth:`told` gave."""
        found = cls()
        for each in told:
            end = End(*(each[name] for name in End._fields))
            found._lines[end] = Line(Histogram.read(each["took"]), list(each["samples"]))
        return found
