"""A call that breaks off after the party acted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import EXCHANGES, Fault, Knob
from warifu_kit.faults.plan import BrokenOff, Plan

__all__ = ["UnavailableAfter"]


@dataclass(frozen=True, slots=True)
class UnavailableAfter(Fault):
    """Whoever asks again must get the same answer, and nobody else must be asked twice."""

    name: ClassVar[str] = "unavailable_after"
    written: ClassVar[str] = "unavailable_after"
    told: ClassVar[str] = "ends UNAVAILABLE without a reason, though the party did all of it"
    on_reply: ClassVar[bool] = True
    ends: ClassVar[bool] = True
    knob: ClassVar[Knob | None] = Knob(rate=0.03, rpcs=EXCHANGES)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, end=BrokenOff())
