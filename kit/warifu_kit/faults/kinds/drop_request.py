"""A call that is lost on its way to the party."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import Fault
from warifu_kit.faults.plan import Plan, Unanswered

__all__ = ["DropRequest"]


@dataclass(frozen=True, slots=True)
class DropRequest(Fault):
    """The caller waits until its deadline."""

    name: ClassVar[str] = "drop_request"
    written: ClassVar[str] = "drop_request"
    told: ClassVar[str] = "is lost: the party never got it, and nothing comes back before the deadline"
    ends: ClassVar[bool] = True

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, deliveries=0, end=Unanswered())
