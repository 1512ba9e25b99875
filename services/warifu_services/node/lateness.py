"""Whether a permit came late: what only time shows of a hub.

Decides the bound: what two clocks may differ by, a minute more, and the minute to which a permit is dated, of the time in
which the hub could have reached this node. It cannot tell a hub that held a permit back from an inquirer that asked again late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from warifu.clock import MINUTE_MS, Clock
from warifu.exchange.context import LONGEST_SKEW

__all__ = ["HELD_BACK_AFTER", "InContact", "held_back_s"]

HELD_BACK_AFTER: Final = LONGEST_SKEW + timedelta(seconds=60) + timedelta(milliseconds=MINUTE_MS)
"""A permit that comes later than this after the beginning of the minute in which the hub signed it was held back."""

_BOUND_MS: Final = HELD_BACK_AFTER // timedelta(milliseconds=1)


class InContact:
    """Since when hub and node are in contact without a break: whoever keeps the contact says so."""

    __slots__ = ("_clock", "since_ms")

    def __init__(self, clock: Clock) -> None:
        """They are not."""
        self._clock = clock
        self.since_ms: int | None = None
        """In Unix milliseconds; None while they are not."""

    def begin(self) -> None:
        """They are, again or still."""
        if self.since_ms is None:
            self.since_ms = self._clock.unix_ms()

    def end(self) -> None:
        """They are not any more."""
        self.since_ms = None


def held_back_s(permit_ms: int, arrived_ms: int, in_contact_since_ms: int | None) -> int | None:
    """How many seconds after it was signed, to the minute, a permit came, if that is too many; None otherwise.

    Times are Unix milliseconds. ``in_contact_since_ms``: since when hub and node are in contact without a break, None
    while they are not: before that, the hub had nobody to bring it to.
    """
    if in_contact_since_ms is None or max(permit_ms, in_contact_since_ms) + _BOUND_MS >= arrived_ms:
        return None
    return (arrived_ms - permit_ms) // 1000
