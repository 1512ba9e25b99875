"""What a command says that was interrupted in the middle of a change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warifu_kit.output import say

__all__ = ["completed_again"]


@contextmanager
def completed_again() -> Iterator[None]:
    """Within it Ctrl-C says what the same command again completes, and goes on as it would.

    Keys or codes that are in the directory are rotated: the same command would rotate them once more.
    """
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted: what the directory has not got yet is completed by the same command again", err=True)
        raise
