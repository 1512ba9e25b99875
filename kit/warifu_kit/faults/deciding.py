"""Which faults one call meets: those it asks for itself; else those of the first rule that it falls under; else those drawn.

Decides as a pure function of the settings and the call, but for rules that count calls, which are about *the next* ones. Of
faults that end a call it meets one. Nothing here waits, sends or writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from warifu_kit.faults.draws import Draws, FaultedCall
from warifu_kit.faults.fault import Fault
from warifu_kit.faults.kinds import KNOBS, chain_text, parse_chain
from warifu_kit.faults.kinds.delay import Delay
from warifu_kit.faults.kinds.skew import accuses
from warifu_kit.faults.ledger_line import LedgerLine
from warifu_kit.faults.plan import Plan
from warifu_kit.faults.rpcs import Rpc, has_bytes
from warifu_kit.faults.rule import Rule, first_match
from warifu_kit.faults.settings import FaultSettings

__all__ = ["Meeting", "cannot_meet", "drawn_faults", "met_faults"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What one call meets, and who asked for it: ``seed``, ``rule N`` or ``call``."""

    draws: Draws
    faults: tuple[Fault, ...]
    by: str

    @property
    def text(self) -> str:
        """The faults as they are written."""
        return chain_text(self.faults)

    @property
    def plan(self) -> Plan:
        """What is done."""
        plan = Plan()
        for fault in self.faults:
            plan = fault.change(plan)
        return plan

    @property
    def line(self) -> LedgerLine:
        """What the ledger says of it."""
        call = self.draws.call
        return LedgerLine(
            seed=self.draws.seed,
            party=call.party,
            rpc=call.rpc,
            exchange=call.shown,
            attempt=call.attempt,
            by=self.by,
            faults=self.text,
            done="; ".join(f"the call {fault.done}" for fault in self.faults),
        )


def drawn_faults(settings: FaultSettings, call: FaultedCall) -> tuple[Fault, ...]:
    """What the seed has for ``call``: a function of its two arguments and of nothing else."""
    draws = Draws(settings.seed, call)
    drawn = tuple(kind.drawn(draws) for kind in KNOBS if _is_drawn(kind, settings, draws))
    ending = next((fault for fault in drawn if fault.ends), None)
    if ending is None:
        return drawn
    return (*(fault for fault in drawn if isinstance(fault, Delay)), ending)


def _is_drawn(kind: type[Fault], settings: FaultSettings, draws: Draws) -> bool:
    knob, call = kind.knob, draws.call
    if knob is None or call.rpc not in knob.rpcs or call.attempt > knob.attempts:
        return False
    return draws.share(kind.name) < settings.rate(kind.name)


def met_faults(
    settings: FaultSettings, call: FaultedCall, *, asked: str, rules: Sequence[Rule], used: Counter[int]
) -> Meeting | None:
    """What ``call`` meets; None for nothing. ``used`` counts how often each rule was used, and is counted up.

    Raises: ValueError when what the call asks for itself is no fault.
    """
    draws = Draws(settings.seed, call)
    if asked:
        return Meeting(draws=draws, faults=parse_chain(asked), by="call")
    rule = first_match(rules, call.rpc, call.shown, used)
    if rule is not None:
        used[rule.number] += 1
        return Meeting(draws=draws, faults=parse_chain(rule.faults), by=f"rule {rule.number}")
    drawn = drawn_faults(settings, call)
    return Meeting(draws=draws, faults=drawn, by="seed") if drawn else None


def cannot_meet(rpc: Rpc, faults: Sequence[Fault], *, made: bool = False) -> str:
    """Why calls of ``rpc``, served by the party or ``made`` by it, cannot meet ``faults``; empty when they can."""
    if not rpc.takes_faults:
        return f"{rpc.name} takes a stream of requests: nothing can be done to it"
    for fault in faults:
        if why := _does_nothing(rpc, fault, made):
            return why
    if accuses(rpc.name, faults):
        return f"{rpc.name} with a clock more than 2m ahead would accuse the hub of holding the permit back; behind accuses nobody"
    after = next((fault for fault in faults if fault.on_reply), None)
    if rpc.streams_replies and rpc.stands_for is None and after is not None:
        return f"{rpc.name} replies with a stream: {after.name} needs one reply"
    return ""


def _does_nothing(rpc: Rpc, fault: Fault, made: bool) -> str:
    """Why calls of ``rpc`` would meet ``fault`` and be as without it; empty when they would not."""
    service = rpc.name.partition(".")[0]
    if made and fault.served_only:
        return f"{rpc.name} is served elsewhere: {fault.name} is for calls that a party serves"
    if fault.needs and fault.needs not in rpc.request.DESCRIPTOR.fields_by_name:
        return f"{rpc.name} has no {fault.needs} in its request, and {fault.name} needs one"
    if fault.services and service not in fault.services:
        return f"{fault.name} means nothing to {service}: it is for {', '.join(sorted(fault.services))}"
    if fault.changes_bytes and not has_bytes(rpc.request if made else rpc.reply):
        return f"{rpc.name} has no field of bytes in its {'request' if made else 'reply'}, and {fault.name} needs one"
    return ""
