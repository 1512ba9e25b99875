"""A call that breaks off before the party acted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import EXCHANGES, Fault, Knob
from warifu_kit.faults.plan import BrokenOff, Plan

__all__ = ["UnavailableBefore"]


@dataclass(frozen=True, slots=True)
class UnavailableBefore(Fault):
    """The caller cannot tell it from one that breaks off after."""

    name: ClassVar[str] = "unavailable_before"
    written: ClassVar[str] = "unavailable_before"
    told: ClassVar[str] = "ends UNAVAILABLE without a reason, and the party never got it"
    ends: ClassVar[bool] = True
    knob: ClassVar[Knob | None] = Knob(rate=0.03, rpcs=EXCHANGES)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, deliveries=0, end=BrokenOff())
