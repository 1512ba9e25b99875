"""Where an agency's hooks run: on one event loop, as in a node, and on others only while a hook blocks it.

Decides when a loop counts as blocked, and how many there are at most. A hook that has begun stays on its loop, so one that waits
there goes on when the loop does. It knows no agency and no socket.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, Generic, TypeVar

__all__ = ["MOST_LANES", "Lanes"]

MOST_LANES: Final = 8
"""Threads at most. So many hooks may block at once; the next one waits for one of them."""

_PATIENCE_S: Final = 1.0
"""How long a loop may take to begin a hook. On a busy machine it takes a part of it; behind ``time.sleep`` it takes more."""

T = TypeVar("T")
Hook = Callable[[], Coroutine[Any, Any, T]]


class Lanes:
    """Threads with an event loop each; the first does everything as long as nothing blocks it. To be used on one loop."""

    def __init__(self, name: str, patience_s: float = _PATIENCE_S) -> None:
        """``name`` is what the threads are called."""
        self._name, self._patience_s = name, patience_s
        self._lanes = [_Lane(name)]

    async def run(self, hook: Hook[T]) -> T:
        """What ``hook`` comes to, on the first loop that begins it. Raises: as it."""
        order = _Order(hook)
        for lane in self._lanes:  # others may add to them meanwhile
            lane.take(order)
            if await order.has_begun(0.0 if lane.is_behind(self._patience_s) else self._patience_s):
                return await order.outcome
        if len(self._lanes) < MOST_LANES:
            self._lanes.append(_Lane(self._name))
            self._lanes[-1].take(order)
        return await order.outcome

    def close(self) -> None:
        """End every loop, with what is under way on it; a thread that is blocked ends with its hook, or with the process."""
        for lane in self._lanes:
            lane.close()


class _Order(Generic[T]):
    """A hook that several lanes were given, and that the first one which comes to it runs."""

    def __init__(self, hook: Hook[T]) -> None:
        self.outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._hook = hook
        self._free = threading.Lock()
        self._begun = asyncio.Event()

    async def has_begun(self, within_s: float) -> bool:
        """Whether a lane came to it in time."""
        begun = asyncio.ensure_future(self._begun.wait())
        await asyncio.wait({begun}, timeout=within_s)
        begun.cancel()
        return self._begun.is_set()

    async def run(self) -> None:
        """Run it, on the loop of the lane that calls, unless another one does already."""
        if not self._free.acquire(blocking=False):
            return
        asked = self.outcome.get_loop()
        asked.call_soon_threadsafe(self._begun.set)
        try:
            told = await self._hook()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is whoever asked that hears it
            asked.call_soon_threadsafe(self._fail, error)
        else:
            asked.call_soon_threadsafe(self._tell, told)

    def _tell(self, told: T) -> None:
        if not self.outcome.done():  # whoever asked may be gone
            self.outcome.set_result(told)

    def _fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)


class _Lane:
    """One thread and its event loop."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._waiting: deque[float] = deque()  # since when, in the order in which the loop comes to them
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def take(self, order: _Order[Any]) -> None:
        """Come to ``order`` after what was taken before."""
        self._waiting.append(time.monotonic())
        asyncio.run_coroutine_threadsafe(self._come_to(order), self._loop)

    def is_behind(self, patience_s: float) -> bool:
        """Whether something was taken so long ago that the loop has not come to."""
        return bool(self._waiting) and time.monotonic() - self._waiting[0] > patience_s

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _come_to(self, order: _Order[Any]) -> None:
        self._waiting.popleft()
        await order.run()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._stop.wait())
