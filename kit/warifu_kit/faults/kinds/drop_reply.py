"""A call whose reply is lost on its way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import Fault
from warifu_kit.faults.plan import Plan, Unanswered

__all__ = ["DropReply"]


@dataclass(frozen=True, slots=True)
class DropReply(Fault):
    """The caller waits until its deadline."""

    name: ClassVar[str] = "drop_reply"
    written: ClassVar[str] = "drop_reply"
    told: ClassVar[str] = "is served, and its reply is lost: nothing comes back before the deadline"
    on_reply: ClassVar[bool] = True
    ends: ClassVar[bool] = True

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, end=Unanswered())
