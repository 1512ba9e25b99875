"""Looking at the whole log while the hub serves: whether every leaf on disk is the one that was published.

Decides in what order and how fast: a tile of 256 leaves at a time, beginning anywhere, with the event loop left to everybody
else for nine times as long as each took. So a log of ten million leaves is looked at within some minutes, and a hub that
is often started again still comes to all of it. What it finds is kept, for the hub to look at first when it starts. What is
to be done then, others decide.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.tlog.tile_check import TileCheck
from warifu_hub.store import HubStore

__all__ = ["OTHERS_SHARE", "look_at_all"]

OTHERS_SHARE: Final = 9
"""For how many times as long as a tile took everybody else has the event loop before the next."""


async def look_at_all(
    store: HubStore,
    check: TileCheck,
    *,
    first: int = 0,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    used: Callable[[], float] = time.thread_time,
) -> None:
    """Look at every tile of ``check``, from number ``first`` on and round to it.

    Raises:
        WarifuError: LOG_INVALID at the first leaf or tile that is not the one that was published; LOG_UNAVAILABLE.
    """
    for step in range(check.tiles):
        number, started = (first + step) % check.tiles, used()
        try:
            check.check(number)
        except WarifuError as error:
            if error.reason is Reason.LOG_INVALID:
                await store.suspect_tile(number)
            raise
        await pause(OTHERS_SHARE * (used() - started))
