"""How much time a call has left, and how much of it to give the next hop.

Decides whether there is still time to start: each hop passes on what is left less what it needs for itself, and refuses
at once when the rest would be too little, before it does anything that cannot be undone. It knows no clock; gRPC
carries a deadline as time left, so clocks need not agree.
"""

from __future__ import annotations

from warifu.errors import Reason, WarifuError
from warifu.rpc.identity import AnyContext

__all__ = ["pass_on", "remaining"]


def remaining(context: AnyContext) -> float | None:
    """Seconds until the caller gives up; None when it set no deadline."""
    left: float | None = context.time_remaining()  # the published types leave None out
    return left


def pass_on(left: float | None, margin: float, *, at_least: float = 0.05, at_most: float = 30.0) -> float:
    """Seconds to give the next hop: ``left`` less ``margin``, and never more than ``at_most``.

    ``margin`` is what this hop needs for itself after the answer. Without a deadline the next hop gets ``at_most``.

    Raises: DEADLINE_TOO_SHORT when less than ``at_least`` would be left.
    """
    if left is None:
        return at_most
    timeout = min(left - margin, at_most)
    if timeout < at_least:
        raise WarifuError(Reason.DEADLINE_TOO_SHORT, where="deadline")
    return timeout
