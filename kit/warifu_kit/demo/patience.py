"""Trying again: how long a business system goes on with a call whose end is not known.

Decides which errors are worth another attempt and when to stop. A call that may have happened is made again as it was,
with the same request_id, so that it happens once however often it is made.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from warifu.errors import Reason, WarifuError

__all__ = ["Patience", "is_worth_another_attempt"]

T = TypeVar("T")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
_SOMEBODY_MUST_ACT = frozenset({Reason.LOG_BEHIND, Reason.RECORDS_BEHIND})


def is_worth_another_attempt(error: WarifuError) -> bool:
    """Whether the same call may end otherwise: it is not known what happened, or somebody was not there just now.

    Not where somebody has to do something first.
    """
    if error.reason in _SOMEBODY_MUST_ACT:
        return False
    return not error.definite or error.entry.status == "UNAVAILABLE" or error.reason is Reason.OVERLOADED


class Patience:
    """Makes calls and makes them again for up to ``seconds``. ``retries`` counts second attempts by reason."""

    def __init__(
        self,
        seconds: float = 30.0,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.retries: Counter[Reason] = Counter()
        self._seconds = seconds
        self._pause = pause
        self._clock = clock

    async def of(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What ``attempt`` returns in the end. Raises: the last error, when it is definite or patience has run out."""
        give_up, pause = self._clock() + self._seconds, _FIRST_PAUSE
        while True:
            try:
                return await attempt()
            except WarifuError as error:
                if not is_worth_another_attempt(error) or self._clock() + pause > give_up:
                    raise
                self.retries[error.reason] += 1
            await self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
