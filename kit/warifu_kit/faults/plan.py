"""What is done to one call, as a value: faults change it, and whatever carries the call carries it out.

Decides nothing by itself; an untouched plan delivers the call once and gives back what came of it. It knows no gRPC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from google.protobuf.message import Message

from warifu.errors import Reason
from warifu_kit.faults.draws import Draws

__all__ = ["BrokenOff", "Edit", "End", "Plan", "Refusal", "Unanswered"]

Edit: TypeAlias = Callable[[Message, Draws], None]
"""Changes a message in place."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The call ends with a reason of the catalogue, as if the party had refused it."""

    reason: Reason
    where: str = "warifu-fault"


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """The call ends as one whose connection broke: UNAVAILABLE without a reason, so nobody knows whether it was served."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nothing ever comes back."""


End: TypeAlias = Refusal | BrokenOff | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call's way.

    It waits ``wait_ms``; its request is edited; it is delivered ``deliveries`` times, one after the other, while the clock
    of whoever serves it is off by ``skew_ms``; then the call ends with ``end``, or else with the first outcome.
    ``edit_sent`` is for what the party with the fault sends: the reply to a call that it serves, the request of one that it makes.
    """

    wait_ms: int = 0
    skew_ms: int = 0
    edit_request: tuple[Edit, ...] = ()
    deliveries: int = 1
    edit_sent: tuple[Edit, ...] = ()
    end: End | None = None
