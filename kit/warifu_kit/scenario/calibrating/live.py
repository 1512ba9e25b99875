"""A network that is run for some seconds, and what its parties' processors did for each exchange.

Decides how it is measured: alone, one exchange after the other, and with many in flight; processor time by each party's own clock, latency
as whoever asks sees it. The load is one process of this machine and takes its share of it, as in the bench.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from warifu.api.node.v1.node_service_pb2 import INQUIRY_STATE_ANSWERED
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode, ProcedureCode
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.plan import make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.procedures import new_inquiry
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate

__all__ = ["IN_FLIGHT", "Level", "Measured", "measure_network"]

IN_FLIGHT: Final = 64
"""Exchanges in flight at the higher level."""

_ROLES: Final = {"inquirer": ("childcare", "insurance"), "hub": ("hub",), "provider": ("residence", "tax")}
_RESIDENTS: Final = 60
_WARM: Final = 40

_Question = tuple[str, str, ProcedureCode, str, ItemCode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """``cpu_us``: processor time an exchange, by role. ``latencies_ms`` as seen by who asked."""

    exchanges: int
    rate: float
    cpu_us: Mapping[str, float]
    latencies_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        """Of the latencies."""
        return statistics.median(self.latencies_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Both levels, and the memory of the hub."""

    alone: Level
    many: Level
    hub_mb: float


def measure_network(folder: Path, suite: int, exchanges: int, tell: Callable[[str, float], None]) -> Measured:
    """Make a network in ``folder``, run it, and make ``exchanges`` at each level. Raises: whatever a call ends with."""
    create_network(folder, suite=suite)
    plan = make_plan(generate(1, _RESIDENTS), 1, AS_OF)
    questions = [
        (case.agency, case.local_number, procedure.procedure_code, provider, item)
        for procedure in plan.procedures
        for case in procedure.cases
        if not case.clerk_needed
        for provider, item in case.questions
    ]

    async def run(pids: Mapping[str, Sequence[int]]) -> tuple[Level, Level]:
        async with open_offices(folder) as offices:
            tell("registering people", 0.2)
            with teller(Terminal(stderr=True, quiet=True)) as telling:
                await populate(offices, plan, telling)
            await _level(offices, questions, _WARM, 1, pids)
            tell("one exchange at a time", 0.3)
            alone = await _level(offices, questions, exchanges, 1, pids)
            tell(f"{IN_FLIGHT} in flight", 0.7)
            await _level(offices, questions, 2 * IN_FLIGHT, IN_FLIGHT, pids)
            return alone, await _level(offices, questions, 4 * exchanges, IN_FLIGHT, pids)

    tell("starting a network", 0.05)
    with Network(folder) as network:
        pids = {role: [network.parties[party].pid for party in parties] for role, parties in _ROLES.items()}
        alone, many = asyncio.run(run(pids))
        return Measured(alone=alone, many=many, hub_mb=_resident_mb(pids["hub"][0]))


async def _level(
    offices: Offices, questions: Sequence[_Question], count: int, in_flight: int, pids: Mapping[str, Sequence[int]]
) -> Level:
    took: list[float] = []
    left = islice(cycle(questions), count)

    async def asks() -> None:
        took.extend([await _ask(offices, question) for question in left])

    before, begun = _cpu_ns(pids), time.perf_counter()
    await asyncio.gather(*(asks() for _ in range(in_flight)))
    lasted, after = time.perf_counter() - begun, _cpu_ns(pids)
    return Level(
        exchanges=count,
        rate=count / lasted,
        cpu_us={role: (after[role] - before[role]) / count / 1e3 for role in pids},
        latencies_ms=tuple(took),
    )


async def _ask(offices: Offices, question: _Question) -> float:
    agency, local_number, procedure_code, provider, item = question
    inquiry = new_inquiry(local_number, procedure_code, offices.institution(provider), item)
    begun = time.perf_counter()
    result = await offices.nodes[agency].inquire(inquiry)
    if result.state != INQUIRY_STATE_ANSWERED:
        raise WarifuError(Reason.INTERNAL, where="calibrate: an exchange was not answered")
    return (time.perf_counter() - begun) * 1e3


def _cpu_ns(pids: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Nanoseconds of processor time so far, threads included; the kernel's clock id of another process's time."""
    return {role: sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in those) for role, those in pids.items()}


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
