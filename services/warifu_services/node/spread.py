"""When an inquiry that nobody waits for is sent: at a random moment within the spread.

Decides the moments, each by itself, so that what an office asked about one person comes to each provider at another time and in
another order than it was asked in. Providers that share their clocks then find many that may be of the same case where
without it they find one. Knows nothing of what is asked.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from warifu.clock import MINUTE_MS
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import LONGEST_VALIDITY

__all__ = ["AT_ONCE", "LONGEST_SPREAD", "Spread"]

LONGEST_SPREAD: Final = LONGEST_VALIDITY
"""The longest spread: what is dated so far ahead is still good when keys are replaced meanwhile."""

_GOOD_MS: Final = (LONGEST_VALIDITY - timedelta(minutes=1)) // timedelta(milliseconds=1)
_OF_ALL: Final = 2**64


class Spread:
    """The moments at which one node sends, up to ``seconds`` from when it was asked; 0 sends at once.

    Raises: CONFIG_INVALID unless ``seconds`` is from 0 to ten minutes.
    """

    __slots__ = ("_length_ms", "_random_bytes")

    def __init__(self, seconds: float, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        if not 0 <= seconds <= LONGEST_SPREAD.total_seconds():
            raise WarifuError(Reason.CONFIG_INVALID, where=f"spread: from 0 to {LONGEST_SPREAD.seconds} seconds")
        self._length_ms = int(seconds * 1000)
        self._random_bytes = random_bytes

    def __bool__(self) -> bool:
        """Whether anything is delayed."""
        return self._length_ms > 0

    def send_ms(self, now_ms: int) -> int:
        """When to send what is asked at ``now_ms``; both in Unix milliseconds."""
        return now_ms + self._drawn(self._length_ms)

    def resumed_ms(self, dated_ms: int, now_ms: int) -> int:
        """When to send, after a restart, what is dated to the minute ``dated_ms`` and may not have been sent.

        Within its minute where that is not over; otherwise drawn anew, as far as it is good for so long: what was left
        over by a node that stopped does not go out all at once.
        """
        begin, end = max(now_ms, dated_ms), dated_ms + MINUTE_MS
        if begin >= end:
            end = min(now_ms + self._length_ms, dated_ms + _GOOD_MS)
        return begin + self._drawn(max(end - begin, 0)) if self else begin

    def _drawn(self, below_ms: int) -> int:
        return int.from_bytes(self._random_bytes(8)) * below_ms // _OF_ALL


AT_ONCE: Final = Spread(0.0)
"""Delays nothing."""
