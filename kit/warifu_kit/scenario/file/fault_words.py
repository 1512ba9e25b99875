"""What a fault of a scenario is: a condition of a party, or faults of the kit at calls of one of its RPCs.

Decides the words (``crash``, ``slow_disk:50ms``, ``delay:200ms+duplicate``) and which of them a virtual clock can play. Faults
of calls are the kit's own (``warifu_kit.faults``), by the same names and with the same effect on a call's plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from warifu_kit.faults.fault import Fault
from warifu_kit.faults.kinds import KINDS, parse_chain
from warifu_kit.faults.plan import Plan
from warifu_kit.scenario.file.strict import did_you_mean
from warifu_kit.scenario.file.units import length, share

__all__ = ["CONDITIONS", "FAULT_PATTERN", "NEEDS_REAL_CLOCK", "FaultWords", "fault_words"]

FAULT_PATTERN: Final = r"^[a-z_]+(:\S+)?(\+[a-z_]+(:\S+)?)*$"

CONDITIONS: Final[Mapping[str, Callable[[str], float] | None]] = {
    "crash": None,
    "partition": None,
    "certificate_expired": None,
    "slow_disk": length,
    "overload": share,
}
"""What a party can be in for a while, and how what follows its name is read; None where nothing does."""

_WITHOUT_BYTES: Final = frozenset({"tamper", "skew", "unknown_field", "short_page", "retired_key", "expiring_permit"})

NEEDS_REAL_CLOCK: Final = frozenset(
    {"dishonest_hub", "join", "leave", "rotate", "clock_skew", "restart", "disk_full"} | _WITHOUT_BYTES
)
"""What only real parties can do; this version has no real clock for scenarios."""


@dataclass(frozen=True, slots=True)
class FaultWords:
    """One fault as it was written. ``condition`` is empty where ``chain`` is at calls."""

    text: str
    condition: str = ""
    amount: float = 0.0
    chain: tuple[Fault, ...] = ()

    @property
    def plan(self) -> Plan:
        """What the chain does to a call."""
        plan = Plan()
        for fault in self.chain:
            plan = fault.change(plan)
        return plan


def fault_words(text: str) -> FaultWords:
    """As people write one. Raises: ValueError, saying what there is."""
    name, _, argument = text.partition(":")
    first = name.partition("+")[0]
    if first in NEEDS_REAL_CLOCK:
        raise ValueError(f"{first} is for real parties, and this version plays scenarios on the virtual clock alone")
    if name in CONDITIONS:
        return FaultWords(text, name, _amount(name, argument))
    if first not in KINDS:
        raise ValueError(f"is no fault: {did_you_mean(first, [*CONDITIONS, *(KINDS.keys() - _WITHOUT_BYTES)])}")
    chain = parse_chain(text)
    for fault in chain:
        if fault.name in _WITHOUT_BYTES:
            raise ValueError(f"{fault.name} is for real parties: a virtual clock has no bytes and no keys")
    return FaultWords(text, chain=chain)


def _amount(name: str, argument: str) -> float:
    unit = CONDITIONS[name]
    if unit is None:
        if argument:
            raise ValueError(f"{name} takes nothing after it")
        return 0.0
    amount = unit(argument)
    if name == "overload" and amount > 0.99:
        raise ValueError("overload is 99% at most: something must be left")
    return amount
