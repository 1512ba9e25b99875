"""A party's processors and the queue before them, on the virtual clock.

Decides who is served when: first come, first served. Whoever is served or waits when its party crashes learns that at once, and
no answer. It knows no exchange: only what a piece of work takes when so many others wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import simpy

__all__ = ["Station", "Work"]


@dataclass(slots=True, eq=False)
class Work:
    """One piece of work. ``seconds`` is asked for when it begins, with how many others wait; ``over`` gets whether it was done."""

    seconds: Callable[[int], float]
    over: simpy.Event
    came_at: float
    waited: float = 0.0
    worked: float = 0.0


class Station:
    """One party. ``slowness`` multiplies what work takes, ``disk`` is added to each wait for a disk, ``is_up`` is false in a crash.

    ``life`` counts its crashes: who remembers it knows whether the party is still the one it spoke to.
    """

    def __init__(self, clock: simpy.Environment, name: str, processors: int = 1) -> None:
        self.name = name
        self.slowness = 1.0
        self.disk = 0.0
        self.is_up = True
        self.waiting: deque[Work] = deque()
        self._clock = clock
        self._free = processors
        self._processors = processors
        self._served: dict[Work, None] = {}
        self.life = 0

    @property
    def busy(self) -> int:
        """How many processors work."""
        return len(self._served)

    def serve(self, seconds: Callable[[int], float]) -> Work:
        """Have work done; ``over`` of what is returned says when, and whether."""
        work = Work(seconds, self._clock.event(), self._clock.now)
        if not self.is_up:
            work.over.succeed(False)
        elif self._free:
            self._begin(work)
        else:
            self.waiting.append(work)
        return work

    def crash(self) -> None:
        """Everything that waits or is served breaks off, and nothing is taken."""
        broken = [*self._served, *self.waiting]
        self.is_up, self.life = False, self.life + 1
        self._served.clear()
        self.waiting.clear()
        self._free = self._processors
        for work in broken:
            work.over.succeed(False)

    def restart(self) -> None:
        """Take work again."""
        self.is_up = True

    def _begin(self, work: Work) -> None:
        work.waited = self._clock.now - work.came_at
        work.worked = work.seconds(len(self.waiting)) * self.slowness
        self._free -= 1
        self._served[work] = None
        life = self.life
        done = self._clock.timeout(work.worked)
        done.callbacks.append(lambda _: self._end(work, life))

    def _end(self, work: Work, life: int) -> None:
        if life != self.life:
            return
        del self._served[work]
        self._free += 1
        work.over.succeed(True)
        if self.waiting:
            self._begin(self.waiting.popleft())
