"""An exchange whose permit is close to expiry from the beginning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from warifu.exchange.context import LONGEST_VALIDITY
from warifu_kit.faults.fault import INQUIRIES, Fault, Knob
from warifu_kit.faults.plan import Plan

__all__ = ["LIFE_LEFT", "ExpiringPermit"]

LIFE_LEFT = timedelta(minutes=2)
"""How much of its ten minutes such an inquiry has left at most, when it is made; a minute less at least."""

_AGE_MS = (LONGEST_VALIDITY - LIFE_LEFT) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ExpiringPermit(Fault):
    """The inquirer's node makes the inquiry by a clock that is behind, so hub and provider see it eight minutes old.

    A permit ends with the inquiry it is for: that is what everybody signed, and nobody else can shorten it.
    """

    name: ClassVar[str] = "expiring_permit"
    written: ClassVar[str] = "expiring_permit"
    told: ClassVar[str] = (
        "makes an inquiry that is eight minutes old, so that its permit ends within two (at the inquirer's node)"
    )
    served_only: ClassVar[bool] = True
    needs: ClassVar[str] = "inquiry"
    knob: ClassVar[Knob | None] = Knob(rate=0.05, rpcs=INQUIRIES, attempts=1)

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, skew_ms=plan.skew_ms - _AGE_MS)
