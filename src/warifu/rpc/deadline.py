"""How much time a call has left, how much of it to give the next hop, and when to stop waiting for shared work.

Decides whether there is still time to start: each hop passes on what is left less what it needs for itself, and refuses
at once when the rest would be too little, before it does anything that cannot be undone. Whoever waits for work that
others wait for too gives up by its own deadline, early enough to say so. It knows no clock; gRPC carries a deadline as
time left, so clocks need not agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from warifu.errors import Reason, WarifuError
from warifu.rpc.identity import AnyContext

__all__ = ["kept_back", "outcome_within", "pass_on", "remaining", "running_down"]

T = TypeVar("T")

_LONGEST_KEPT_S = 1.0


def remaining(context: AnyContext) -> float | None:
    """Seconds until the caller gives up; None when it set no deadline."""
    left: float | None = context.time_remaining()  # the published types leave None out
    return left


def running_down(left: float | None) -> Callable[[], float | None]:
    """Says, whenever asked, how many are left by then of the seconds that are ``left`` now; None when nobody counts."""
    now = asyncio.get_running_loop().time
    give_up = None if left is None else now() + left
    return lambda: None if give_up is None else give_up - now()


def kept_back(left: float, margin: float, *, share: float = 0.1) -> float:
    """Seconds that a hop keeps for itself of ``left``: ``margin``, or ``share`` of what is left where that is more.

    A fixed margin is soon eaten on a busy machine, and then the caller's own deadline speaks before this hop could say
    what happened. A caller with much time loses little when more is kept, and never more than a second.
    """
    return max(margin, min(left * share, _LONGEST_KEPT_S))


def pass_on(left: float | None, margin: float, *, at_least: float = 0.05, at_most: float = 30.0) -> float:
    """Seconds to give the next hop: ``left`` less what is kept back, and never more than ``at_most``.

    ``margin`` is what this hop needs for itself after the answer, at least (:func:`kept_back`). Without a deadline the
    next hop gets ``at_most``.

    Raises: DEADLINE_TOO_SHORT when less than ``at_least`` would be left.
    """
    if left is None:
        return at_most
    timeout = min(left - kept_back(left, margin), at_most)
    if timeout < at_least:
        raise WarifuError(Reason.DEADLINE_TOO_SHORT, where="deadline")
    return timeout


async def outcome_within(work: asyncio.Task[T], seconds: float | None, *, otherwise: WarifuError) -> T:
    """What ``work`` brings, for one of those who share it. It goes on when this one gives up or has gone.

    Raises: what ``work`` raises; ``otherwise`` when it brought nothing within ``seconds``.
    """
    await asyncio.wait((work,), timeout=None if seconds is None else max(seconds, 0.0))
    if not work.done():
        raise otherwise
    return work.result()
