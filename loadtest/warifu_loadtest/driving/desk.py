"""The calls of a stage in one process: arrivals come when they are due, and whoever is free makes them.

Decides when a stage is over and what became of each arrival. Arrivals do not wait for answers; when nobody is free they wait
in line, and their time runs. It knows greenlets, and nothing of locust.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import gevent  # type: ignore[import-untyped]  # publishes no types
from gevent.event import Event  # type: ignore[import-untyped]
from gevent.queue import Empty, Queue  # type: ignore[import-untyped]

from warifu_loadtest.deciding.arrivals import schedule
from warifu_loadtest.deciding.stage import Part
from warifu_loadtest.deciding.tally import NEVER_BEGUN, End
from warifu_loadtest.driving.visit import CALL_SECONDS, Counted, Visit

__all__ = ["Desk", "Visitor"]

_IN_LINE_S = 2.0  # how long after its stage an arrival may still wait for somebody to make it
_SOON_S = 0.02
_IDLE_S = 0.5


class Visitor(Protocol):
    """A kind of user."""

    def visit(self, visit: Visit) -> None:
        """Make the calls of one arrival, each through ``visit``."""


class _Due(NamedTuple):
    at_s: float
    user: str
    stage: _Running


class _Running:
    """One stage under way."""

    def __init__(self, part: Part, begun_s: float, told: Counted) -> None:
        self.part = part
        self.end_s = begun_s + part.seconds
        self.visits: set[Visit] = set()
        self.over = False
        self._told = told

    def count(self, end: End, took_us: int, sample: str) -> None:
        if not self.over:
            self.part.tally.add(end, took_us, sample)
            self._told(end, took_us, sample)

    def hop(self, name: str, took_us: int) -> None:
        if not self.over:
            self.part.hop(name, took_us)

    @property
    def open(self) -> int:
        part = self.part
        return part.due - part.ended - part.ended_late - part.never_begun

    def visited(self, visit: Visit, now: float) -> None:
        self.visits.discard(visit)
        if not self.over and now <= self.end_s:
            self.part.ended += 1
        elif not self.over:
            self.part.ended_late += 1


class Desk:
    """Where arrivals come and whoever is free takes them. ``told`` hears of every call."""

    def __init__(self, users: Mapping[str, Visitor], told: Counted, now: Callable[[], float] = time.monotonic) -> None:
        self._users = users
        self._told = told
        self._now = now
        self._line = Queue()

    def work(self) -> None:
        """Take the next arrival and make its calls; return soon when there is none."""
        try:
            due: _Due = self._line.get(timeout=_IDLE_S)
        except Empty:
            return
        stage, began = due.stage, self._now()
        stage.part.late.add(max(0, round((began - due.at_s) * 1e6)))
        visit = Visit(due.user, due.at_s, self._now, stage.count, stage.hop)
        stage.visits.add(visit)
        try:
            self._users[due.user].visit(visit)
        finally:
            stage.visited(visit, self._now())

    def run(self, rates: Mapping[str, float], seconds: float, seed: str, cut: Event) -> Part:
        """Have a stage's arrivals come and end; what this process saw of it. ``cut``, when set, ends it early."""
        part, begun, cpu = Part(seconds=seconds), self._now(), time.process_time()
        stage = _Running(part, begun, self._told)
        self._send(stage, begun, rates, seed, cut)
        cut.wait(max(0.0, stage.end_s - self._now()))
        stage.end_s = min(stage.end_s, self._now())
        part.seconds, part.cpu_s = stage.end_s - begun, time.process_time() - cpu
        self._wait(stage, self._line.empty, _IN_LINE_S)
        self._drop(stage)
        self._wait(stage, lambda: not stage.open, CALL_SECONDS + 1)
        self._cut_off(stage)
        return part

    def _send(self, stage: _Running, begun: float, rates: Mapping[str, float], seed: str, cut: Event) -> None:
        here = {user: rate for user, rate in rates.items() if user in self._users}
        for arrival in schedule(here, stage.part.seconds, seed):
            at_s = begun + arrival.due_s
            if cut.wait(max(0.0, at_s - self._now())):
                return
            stage.part.due += 1
            self._line.put(_Due(at_s, arrival.user, stage))

    def _wait(self, stage: _Running, over: Callable[[], bool], seconds: float) -> None:
        give_up = self._now() + seconds
        while stage.open and not over() and self._now() < give_up:
            gevent.sleep(_SOON_S)

    def _drop(self, stage: _Running) -> None:
        """Count what still stands in line: it should have been asked, and nobody came to it."""
        while not self._line.empty():
            due: _Due = self._line.get()
            stage.part.never_begun += 1
            waited = max(0, round((self._now() - due.at_s) * 1e6))
            stage.count(End(due.user, "(none)", NEVER_BEGUN, False), waited, "nobody was free to make the call")

    @staticmethod
    def _cut_off(stage: _Running) -> None:
        for visit in tuple(stage.visits):
            stage.part.cut_off += 1
            visit.cut_off()
        stage.over = True
