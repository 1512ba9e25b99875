"""Where calls that come one by one wait for each other, so that they go in step from then on.

Decides how many wait and how long. Calls that share a message go in step by themselves (``warifu.lockstep``); a call that comes
alone does everything alone, signs alone and syncs the disk alone, which under load is more than half of its cost. So a
call waits for others as long as that is less than it would lose: until half of as many are there as usually are under way,
and never longer than a part of the time a call usually takes. Where calls are few none waits. Must never know what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from warifu.lockstep import pause

__all__ = ["LONGEST_WAIT_SECONDS", "MOST_AT_ONCE", "ArrivalGate"]

MOST_AT_ONCE: Final = 32
"""Calls that are let in at once at most: as many as share a message on a stream."""

LONGEST_WAIT_SECONDS: Final = 0.06
"""What a call waits at most, whatever calls usually take."""

_SHARE_OF_A_CALL: Final = 0.5
_LEARNING: Final = 1 / 32


class ArrivalGate:
    """The gate of one kind of calls at one process. On one event loop."""

    __slots__ = ("_patience", "_under_way", "_usual_seconds", "_usually_under_way", "_waiting")

    def __init__(self) -> None:
        self._under_way = 0
        self._usually_under_way = 0.0
        self._usual_seconds = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        self._patience: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Hold a call's work in this: it begins in step with others, and ends by itself.

        The wait is part of the call's own time: what is left of its deadline is to be looked at inside.
        """
        loop = asyncio.get_running_loop()
        self._under_way += 1
        self._usually_under_way += (self._under_way - self._usually_under_way) * _LEARNING
        began = loop.time()
        try:
            await self._wait(loop)
            began = loop.time()
            yield
        finally:
            self._under_way -= 1
            self._usual_seconds += (loop.time() - began - self._usual_seconds) * _LEARNING

    async def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        width = min(MOST_AT_ONCE, int(self._usually_under_way / 2))
        if width < 2 and not self._waiting:
            return
        if len(self._waiting) + 1 >= width:
            self._open()
            await pause()  # those who were let in begin in the next round of the loop
            return
        let_in: asyncio.Future[None] = loop.create_future()
        self._waiting.append(let_in)
        if self._patience is None:
            self._patience = loop.call_later(self._longest_wait(), self._open)
        await let_in

    def _longest_wait(self) -> float:
        return min(LONGEST_WAIT_SECONDS, self._usual_seconds * _SHARE_OF_A_CALL)

    def _open(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        waiting, self._waiting = self._waiting, []
        for let_in in waiting:
            if not let_in.done():
                let_in.set_result(None)
