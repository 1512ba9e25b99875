"""A call that waits before the party acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from warifu_kit.faults.draws import Draws
from warifu_kit.faults.fault import EXCHANGES, LONGEST_DELAY_MS, Fault, Knob, milliseconds
from warifu_kit.faults.plan import Plan

__all__ = ["Delay"]

_LONGEST_DRAWN_MS = 25


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """Waits, up to 25 ms when it is drawn."""

    name: ClassVar[str] = "delay"
    written: ClassVar[str] = "delay:LENGTH"
    told: ClassVar[str] = "waits before the party acts; drawn, 1 to 25 ms"
    knob: ClassVar[Knob | None] = Knob(rate=0.25, rpcs=EXCHANGES, attempts=1_000)

    wait_ms: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.wait_ms}ms"

    @property
    def done(self) -> str:
        """See the contract."""
        return f"waits {self.wait_ms} ms before the party acts"

    @classmethod
    def parse(cls, argument: str) -> Fault:
        """See the contract."""
        wait_ms = milliseconds(argument)
        if not 0 < wait_ms <= LONGEST_DELAY_MS:
            raise ValueError(f"{argument} is not between 1ms and {LONGEST_DELAY_MS // 1000}s")
        return cls(wait_ms)

    @classmethod
    def drawn(cls, draws: Draws) -> Fault:
        """See the contract."""
        return cls(1 + draws.below(_LONGEST_DRAWN_MS, cls.name, "length"))

    def change(self, plan: Plan) -> Plan:
        """See the contract."""
        return replace(plan, wait_ms=plan.wait_ms + self.wait_ms)
