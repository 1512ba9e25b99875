"""A call that is refused with any reason of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu.errors import Reason
from warifu_kit.faults.fault import Fault
from warifu_kit.faults.plan import Plan, Refusal

__all__ = ["Refuse"]


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """The party never hears of it."""

    name: ClassVar[str] = "refuse"
    written: ClassVar[str] = "refuse:REASON"
    told: ClassVar[str] = "is refused with that [reason](../protocol.md#errors), and the party never got it"
    ends: ClassVar[bool] = True

    reason: Reason = Reason.INTERNAL

    def __str__(self) -> str:
        return f"{self.name}:{self.reason.value}"

    @property
    def done(self) -> str:
        """See the contract."""
        return f"is refused with {self.reason.value}, and the party never got it"

    @classmethod
    def parse(cls, argument: str) -> Fault:
        """See the contract."""
        if argument not in Reason.__members__:
            raise ValueError(f"{argument!r} is no reason of the catalogue, such as {Reason.OVERLOADED.value}")
        return cls(Reason[argument])

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, deliveries=0, end=Refusal(self.reason))
