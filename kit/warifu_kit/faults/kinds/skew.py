"""A party whose clock is wrong while it serves one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import Fault, milliseconds
from warifu_kit.faults.plan import Plan

__all__ = ["Skew"]


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

    @classmethod
    def parse(cls, argument: str) -> Fault:
        """See the contract."""
        return cls(milliseconds(argument))

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, skew_ms=plan.skew_ms + self.skew_ms)
