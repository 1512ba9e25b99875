"""The life of a card: which step may follow which. Pure.

Decides what a step leads to, and why one that cannot be taken is refused. An end is an end: whoever wants a card again applies again.
It knows neither holder nor chip, keeps nothing and calls nobody.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from warifu.errors import Reason, WarifuError

__all__ = ["ENDS", "CardState", "CardStep", "IdentityCheck", "StepFacts", "next_state"]


class CardState(enum.Enum):
    """Where a card is. The value is the one in the contract and in the store."""

    APPLIED = 1
    ORDERED = 2
    PERSONALISED = 3
    NOTIFIED = 4
    COLLECTED = 5
    ACTIVE = 6
    SUSPENDED = 7
    RETURNED = 8
    EXPIRED = 9
    REISSUED = 10


class CardStep(enum.Enum):
    """A step. Those from 101 on are no caller's to take: they follow from something else that is done."""

    ORDER = 1
    NOTIFY = 2
    COLLECT = 3
    ACTIVATE = 4
    SUSPEND = 5
    RESUME = 6
    RETURN = 7
    EXPIRE = 8
    PERSONALISE = 101
    """Its certificates were issued."""
    REISSUE = 102
    """Another card was collected in its place."""


class IdentityCheck(enum.Enum):
    """How the holder's identity was checked at the counter."""

    FACE_AND_NOTICE = 1
    DOCUMENTS_AND_NOTICE = 2
    BY_PROXY = 3


ENDS: Final = frozenset({CardState.RETURNED, CardState.EXPIRED, CardState.REISSUED})
"""States that nothing leads out of."""

_IN_HAND: Final = frozenset({CardState.COLLECTED, CardState.ACTIVE, CardState.SUSPENDED})
_WAITING: Final = frozenset({CardState.PERSONALISED, CardState.NOTIFIED})

_FROM: Final[Mapping[CardStep, frozenset[CardState]]] = {
    CardStep.ORDER: frozenset({CardState.APPLIED}),
    CardStep.PERSONALISE: frozenset({CardState.ORDERED}),
    CardStep.NOTIFY: frozenset({CardState.PERSONALISED}),
    CardStep.COLLECT: frozenset({CardState.NOTIFIED}),
    CardStep.ACTIVATE: frozenset({CardState.COLLECTED}),
    CardStep.SUSPEND: frozenset({CardState.ACTIVE}),
    CardStep.RESUME: frozenset({CardState.SUSPENDED}),
    CardStep.RETURN: _IN_HAND | _WAITING,
    CardStep.EXPIRE: _IN_HAND | _WAITING,
    CardStep.REISSUE: _IN_HAND | _WAITING,
}
_TO: Final[Mapping[CardStep, CardState]] = {
    CardStep.ORDER: CardState.ORDERED,
    CardStep.PERSONALISE: CardState.PERSONALISED,
    CardStep.NOTIFY: CardState.NOTIFIED,
    CardStep.COLLECT: CardState.COLLECTED,
    CardStep.ACTIVATE: CardState.ACTIVE,
    CardStep.SUSPEND: CardState.SUSPENDED,
    CardStep.RESUME: CardState.ACTIVE,
    CardStep.RETURN: CardState.RETURNED,
    CardStep.EXPIRE: CardState.EXPIRED,
    CardStep.REISSUE: CardState.REISSUED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """What a step is judged by besides the state: the day in Japan, the card's last day, how identity was checked."""

    today: datetime.date
    last_day: datetime.date
    identity_check: IdentityCheck | None = None


def next_state(state: CardState, step: CardStep, facts: StepFacts) -> CardState:
    """Where ``step`` leads from ``state``.

    Raises: CARD_STEP_REFUSED, saying in ``where`` what stands against it.
    """
    if state not in _FROM[step]:
        raise _refused(step, f"the card is {state.name.lower()}")
    if why := _against(step, facts):
        raise _refused(step, why)
    return _TO[step]


def _against(step: CardStep, facts: StepFacts) -> str:
    """What stands against a step that its state allows; empty when nothing does."""
    is_past = facts.today > facts.last_day
    if step is CardStep.COLLECT and facts.identity_check is None:
        return "nobody checked the holder's identity"
    if step in {CardStep.COLLECT, CardStep.ACTIVATE, CardStep.RESUME} and is_past:
        return "the card's last day is past"
    if step is CardStep.EXPIRE and not is_past:
        return "the card's last day is not past"
    if step is not CardStep.COLLECT and facts.identity_check is not None:
        return "only a card that is collected needs an identity check"
    return ""


def _refused(step: CardStep, why: str) -> WarifuError:
    return WarifuError(Reason.CARD_STEP_REFUSED, where=f"{step.name.lower()}: {why}")
