"""One arrival of one user: the calls it makes, each timed from when it should have started.

Decides from when a call's time runs: the first from the arrival's due time, however late somebody was free to make it; one that
needs what another brought, from when that one ended; and how it ended, by what its user meant. It knows nothing of what is
called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from warifu.errors import Reason, WarifuError
from warifu_loadtest.deciding.tally import ANSWERED, CUT_OFF, UNMEANT_ANSWER, End

__all__ = ["CALL_SECONDS", "Counted", "Visit"]

CALL_SECONDS = 10.0
"""How long a user waits for an answer, at most."""

Answer = TypeVar("Answer")
Counted = Callable[[End, int, str], None]
"""Takes how a call ended, how many microseconds after it should have started, and a word about it."""


class Visit:
    """What a user is given for one arrival. ``due_s`` and ``now`` are seconds of one monotonic clock."""

    def __init__(
        self,
        user: str,
        due_s: float,
        now: Callable[[], float],
        counted: Counted,
        hopped: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        self._user = user
        self._due_s = due_s
        self._now = now
        self._counted = counted
        self._hopped = hopped
        self._open = ""
        self._over = False

    def call(
        self,
        rpc: str,
        made: Callable[[], Answer],
        *,
        told: Callable[[Answer], str] = lambda _: ANSWERED,
        meant: Collection[Reason] = (),
        refused: bool = False,
        together: bool = False,
    ) -> Answer | None:
        """What ``made`` gives; None when it failed. Counted either way.

        ``told`` says how an answer counts, and raises what is wrong with it. ``meant`` are refusals that are no failure; with
        ``refused`` anything else is one. The call after one that goes ``together`` with it is due at the same time.
        """
        self._open = rpc
        try:
            answer = made()
            reason, sample, failure = told(answer), "", False
        except WarifuError as error:
            answer, reason, sample, failure = None, error.reason.value, str(error), error.reason not in meant
        except BaseException:
            self._count(CUT_OFF, meant=False, sample="open when the run ended")
            raise
        if refused and answer is not None:
            reason, sample, failure = UNMEANT_ANSWER, "an answer where a refusal was meant", True
        self._count(reason, meant=not failure, sample=sample)
        if not together:
            self._due_s = self._now()
        return answer

    def hops(self, parts: Mapping[str, float]) -> None:
        """Count where the time of a call went, in milliseconds."""
        for name, took_ms in parts.items():
            self._hopped(name, round(took_ms * 1000))

    def cut_off(self) -> None:
        """Count the call that is open as one without an end; what it ends with later counts no more."""
        if self._open:
            self._count(CUT_OFF, meant=False, sample="open when the stage was over")
        self._over = True

    def _count(self, reason: str, *, meant: bool, sample: str) -> None:
        rpc, self._open = self._open, ""
        if not self._over:
            took_us = max(0, round((self._now() - self._due_s) * 1e6))
            self._counted(End(self._user, rpc, reason, meant), took_us, sample)
