"""What a command says that was interrupted in the middle of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warifu_kit.output import say

__all__ = ["completed_again"]


@contextmanager
def completed_again() -> Iterator[None]:
    """Within it Ctrl-C says that the same command again completes what was begun, and goes on as it would."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted: whatever was begun is completed by the same command again", err=True)
        raise
