"""Whoever asks: makes a call, and makes the same call again while that may end otherwise.

Decides as the kit's own business systems do (``warifu_kit.demo.patience``): again after a pause that doubles, when it is not known what
happened or somebody was not there; never after a definite refusal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from warifu.errors import CATALOGUE, Reason, WarifuError
from warifu_kit.demo.patience import is_worth_another_attempt
from warifu_kit.scenario.virtual.behaviour.journey import Attempt, Journey

if TYPE_CHECKING:
    import simpy

__all__ = ["Caller", "End"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class End:
    """How an exchange ended for who asked: the reason of the last attempt, None for an answer."""

    reason: Reason | None
    attempts: int

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows whether it happened."""
        return self.reason is not None and not CATALOGUE[self.reason].definite


@dataclass(slots=True, kw_only=True)
class Caller:
    """``refused`` counts attempts that failed, by reason."""

    journey: Journey
    deadline: float
    patience: float
    refused: Counter[str]

    def ask(self, exchange: int) -> Generator[simpy.Event, Any, End]:
        """Go on until there is an answer, a definite end, or no patience."""
        clock = self.journey.clock
        give_up, pause, attempts, definite_last = clock.now + self.patience, _FIRST_PAUSE, 0, None
        while True:
            attempts += 1
            reason = yield from self._attempt(Attempt(exchange, attempts, clock.now + self.deadline))
            if reason is None:
                return End(None, attempts)
            self.refused[reason.value] += 1
            # Once one attempt ended without a definite word, a later one that surely did not happen says nothing about it.
            definite_last = definite_last or (reason if not CATALOGUE[reason].definite else None)
            if not _is_worth_it(reason) or clock.now + pause > give_up:
                return End(_told(reason, definite_last), attempts)
            yield clock.timeout(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _attempt(self, attempt: Attempt) -> Generator[simpy.Event, Any, Reason | None]:
        """One attempt, and no longer than its deadline: what is under way goes on without its caller."""
        clock = self.journey.clock
        heard = clock.event()
        clock.process(_told_to(heard, self.journey, attempt))
        clock.timeout(self.deadline).callbacks.append(lambda _: _tell(heard, Reason.NODE_TIMED_OUT))
        reason: Reason | None = yield heard
        return reason


def _told_to(heard: simpy.Event, journey: Journey, attempt: Attempt) -> Generator[simpy.Event, Any, None]:
    _tell(heard, (yield from journey.attempt(attempt)))


def _tell(heard: simpy.Event, reason: Reason | None) -> None:
    """Who has given up hears no more."""
    if not heard.triggered:
        heard.succeed(reason)


@cache
def _is_worth_it(reason: Reason) -> bool:
    return is_worth_another_attempt(WarifuError(reason))


def _told(last: Reason, unknown: Reason | None) -> Reason:
    """A refusal for good settles it; that somebody was not there does not."""
    return last if unknown is None or not _is_worth_it(last) else unknown
