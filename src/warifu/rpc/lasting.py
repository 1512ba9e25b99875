"""A call that lasts: a stream of replies, or one whose caller takes its time to send.

Decides how often it is looked at again whether such a call may go on, and that one that may not ends at once, also where
nothing is sent, received or replied. What it is that a call may lose, it does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from warifu.errors import WarifuError

__all__ = ["LOOK_AGAIN_S", "while_allowed"]

LOOK_AGAIN_S = 1.0
"""How often a call under way is looked at again, in seconds."""


@asynccontextmanager
async def while_allowed(check: Callable[[], None]) -> AsyncIterator[None]:
    """Within it a call goes on for as long as ``check``, asked once a second, raises nothing.

    It costs a timer, and nothing for a message. Raises: the WarifuError that ``check`` raised.
    """
    loop, allowed = asyncio.get_running_loop(), asyncio.timeout(None)
    lost: WarifuError | None = None
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal lost, timer
        try:
            check()
        except WarifuError as error:
            lost = error
            allowed.reschedule(loop.time())
        else:
            timer = loop.call_later(LOOK_AGAIN_S, look)

    timer = loop.call_later(LOOK_AGAIN_S, look)
    try:
        async with allowed:
            try:
                yield
            finally:
                timer.cancel()
    except TimeoutError:
        if lost is not None and allowed.expired():
            raise lost from None
        raise
