"""A call that the party gets twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.fault import EXCHANGES, Fault, Knob
from warifu_kit.faults.plan import Plan

__all__ = ["Duplicate"]


@dataclass(frozen=True, slots=True)
class Duplicate(Fault):
    """The second comes when the first was served, with the same bytes; what comes of it is thrown away.

    Not drawn for what may be asked to wait: waiting twice would take longer than the caller has.
    """

    name: ClassVar[str] = "duplicate"
    written: ClassVar[str] = "duplicate"
    told: ClassVar[str] = (
        "is delivered again, with the same bytes, once it was served; the first outcome is what comes back"
    )
    on_reply: ClassVar[bool] = True
    knob: ClassVar[Knob | None] = Knob(rate=0.05, rpcs=EXCHANGES - {"NodeService.FetchAnswer"})

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, deliveries=2 * plan.deliveries)
