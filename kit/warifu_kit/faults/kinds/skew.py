"""A party whose clock is wrong while it serves one call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Final

from warifu.exchange.context import LONGEST_SKEW
from warifu_kit.faults.fault import Fault, milliseconds
from warifu_kit.faults.plan import Plan

__all__ = ["Skew", "accuses"]

_LONGEST_MS: Final = 24 * 3_600_000
_MOST_AHEAD_MS: Final = LONGEST_SKEW // timedelta(milliseconds=1)
_PROVIDE: Final = "AgencyService.Provide"


@dataclass(frozen=True, slots=True)
class Skew(Fault):
    """Only this call sees the wrong time, and what it begins."""

    name: ClassVar[str] = "skew"
    written: ClassVar[str] = "skew:LENGTH"
    told: ClassVar[str] = "is served by a party whose clock is ahead by that much, behind with a minus"
    served_only: ClassVar[bool] = True

    skew_ms: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.skew_ms}ms"

    @property
    def done(self) -> str:
        """See the contract."""
        side = "behind" if self.skew_ms < 0 else "ahead"
        return f"is served by a party whose clock is {side} by {abs(self.skew_ms)} ms"

    @classmethod
    def parse(cls, argument: str) -> Fault:
        """See the contract."""
        skew_ms = milliseconds(argument)
        if abs(skew_ms) > _LONGEST_MS:
            raise ValueError(f"{argument} is more than a day")
        return cls(skew_ms)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, skew_ms=plan.skew_ms + self.skew_ms)


def accuses(rpc: str, faults: Iterable[Fault]) -> bool:
    """Whether a provider would take a permit as held back by the hub, minutes late by its own clock, and keep that as evidence."""
    ahead_ms = sum(fault.skew_ms for fault in faults if isinstance(fault, Skew))
    return rpc == _PROVIDE and ahead_ms > _MOST_AHEAD_MS
