"""A provider that goes by keys of the directory which the caller does not have yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu.errors import Reason
from warifu_kit.faults.fault import Fault, Knob
from warifu_kit.faults.plan import Plan, Refusal

__all__ = ["RetiredKey"]


@dataclass(frozen=True, slots=True)
class RetiredKey(Fault):
    """Drawn at providers: there the exchange stays open, and goes through when it is asked for again."""

    name: ClassVar[str] = "retired_key"
    written: ClassVar[str] = "retired_key"
    told: ClassVar[str] = "is refused with `EPOCH_STALE`, as one under keys that the directory has retired"
    services: ClassVar[frozenset[str]] = frozenset({"AgencyService", "AuthorityService", "HubService"})
    ends: ClassVar[bool] = True
    knob: ClassVar[Knob | None] = Knob(rate=0.02, rpcs=frozenset({"AgencyService.Provide"}), attempts=1)

    @property
    def done(self) -> str:
        """See the contract."""
        return "is refused with EPOCH_STALE, as one under keys that the directory has retired"

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, deliveries=0, end=Refusal(Reason.EPOCH_STALE))
