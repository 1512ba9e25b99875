"""The open streams of each caller, of which only the newest go on.

Decides which stream ends when a caller has too many: its oldest. Whoever lost its connection and comes again is served at
once, whether or not the hub has noticed the loss; whoever opens thousands has a few. Knows nothing of what is streamed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from warifu.errors import Reason, WarifuError
from warifu.pki import Identity

__all__ = ["NewestStreams"]


class NewestStreams:
    """Gives every caller, an institution in a role, so many places at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[Identity, deque[asyncio.Timeout]] = {}

    def __len__(self) -> int:
        """How many streams have a place now."""
        return sum(map(len, self._open.values()))

    @asynccontextmanager
    async def place(self, caller: Identity) -> AsyncIterator[None]:
        """A place for as long as it lasts; where there is none left, the caller's oldest stream loses its own.

        Raises: OVERLOADED, at once and wherever it waits, in the stream that lost it.
        """
        mine, place = self._open.setdefault(caller, deque()), asyncio.timeout(None)
        try:
            async with place:
                mine.append(place)
                if len(mine) > self._most:
                    mine.popleft().reschedule(asyncio.get_running_loop().time())
                try:
                    yield
                finally:
                    self._leave(caller, place)
        except TimeoutError:
            if place.expired():
                raise WarifuError(Reason.OVERLOADED, where="streams", debug="a newer one has its place") from None
            raise

    def _leave(self, caller: Identity, place: asyncio.Timeout) -> None:
        mine = self._open.get(caller)
        if mine is not None and place in mine:
            mine.remove(place)
            if not mine:
                del self._open[caller]
