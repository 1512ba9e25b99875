"""How wide a stream of calls is: how many leave in one message, and how many are served at once.

Decides it for the two kinds of calls that there are: those that somebody waits for, and those in bulk. Knows nothing of what is
called.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IN_BULK", "ONE_BY_ONE", "Width"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """Calls, or replies, that leave in one message, and calls that are served at once."""

    together: int
    under_way: int


ONE_BY_ONE = Width(together=32, under_way=1024)
"""For calls that somebody waits for. 32 have most of what sharing saves; with more, one side idles while the other works."""

IN_BULK = Width(together=256, under_way=384)
"""For calls of which many came together and nobody waits for any: what shares a message shares everything after it. Two messages
of 192 are under way, so that one side works on one while another does on the other."""
