"""The demonstration from beginning to end: what is done, in order, and nothing else.

Read :func:`run_demo` top to bottom: start the network, fill it, run the procedures, the refusals, look from outside, sum
up. It is called on the main thread: the network's processes end with the thread that started them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.party.process import new_event_loop
from warifu.permissions.table import DEFAULT_TABLE
from warifu.pki import Role
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessReport, BlindnessSearch
from warifu_kit.demo.agencies import agencies_of
from warifu_kit.demo.card import CARD_PARTIES, card_act, holder_among, searched_check, sought_beside
from warifu_kit.demo.checks import population_check, procedure_check, refusal_checks
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.outside import (
    LogSeen,
    blindness_check,
    control_check,
    look_from_outside,
    search_party,
    secrets_of,
)
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import Population, populate
from warifu_kit.demo.procedures import run_procedure
from warifu_kit.demo.progress import Phase, Teller
from warifu_kit.demo.refusals import run_refusals
from warifu_kit.demo.result import Check, DemoResult, ProcedureResult, RefusalResult
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_kit.network.one_party import Member
from warifu_kit.people.residents import Resident

__all__ = ["DemoRequest", "plan_of", "run_demo"]

_SEARCH_ATTEMPTS = 10
_RESTART_PAUSE = 0.5
_CARD_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """What to demonstrate. ``on`` is the day by which ages go; ``folder`` must not exist or be empty.

    ``members``, ``permissions``, ``suite`` and ``proofs`` are those of the network to be made; ``beside`` are the parties of the
    third act, without whom it is not played.
    """

    residents: tuple[Resident, ...]
    seed: int
    on: date
    folder: Path
    concurrency: int
    residents_file: Path | None = None
    members: tuple[Member, ...] = DEFAULT_MEMBERS
    permissions: Path = DEFAULT_TABLE
    suite: int = 2
    proofs: ProofPolicy = ALWAYS_PROVEN
    beside: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What the steps inside the event loop came to."""

    network: str
    population: Population
    procedures: list[ProcedureResult]
    refusals: list[RefusalResult]
    log: LogSeen
    retries: dict[str, int]


class _Watch:
    """Hears what happens to the parties, on the network's own thread too."""

    def __init__(self, teller: Teller) -> None:
        self.restarts: Counter[str] = Counter()
        self.phase: Phase | None = None
        self._teller = teller

    def __call__(self, event: str, party: str, detail: str) -> None:
        if event == "ready" and self.phase is not None:
            self.phase.advance()
        elif event != "ready":
            self.restarts[party] += event == "restarted"
            self._teller.note(f"{party}: {event} ({detail})")


class _Stopwatch:
    """Seconds by phase, each from the end of the one before."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()
        self.seconds: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now

    def stop(self) -> dict[str, float]:
        return {**self.seconds, "total": round(time.monotonic() - self._begun, 3)}


def plan_of(request: DemoRequest) -> Plan:
    """What would be demonstrated. Raises: CONFIG_INVALID when its members cannot have it, before anything is made."""
    return make_plan(request.residents, request.seed, request.on, agencies_of(request.members))


def run_demo(request: DemoRequest, plan: Plan, teller: Teller) -> DemoResult:
    """Demonstrate ``plan`` in a network in ``request.folder``, which holds it afterwards, stopped.

    Raises: CONFIG_INVALID when it cannot be made or started; whatever a call ends with when patience has run out.
    """
    watch, stopwatch = _Watch(teller), _Stopwatch()
    members = (*request.members, *request.beside)
    processes = sum(member.role is not Role.SUPERVISOR for member in members)
    with ExitStack() as stack:
        with teller.phase("network made, processes started", processes) as watch.phase:
            create_network(
                request.folder,
                members=members,
                permissions=request.permissions,
                suite=request.suite,
                proofs=request.proofs,
            )
            network = stack.enter_context(Network(request.folder, on_event=watch))
        stopwatch.lap("start")
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            done = runner.run(_steps(request, plan, teller, stopwatch))
        card = _card_act(request, plan, done.population, teller)
        stopwatch.lap("card")
        network.check()
        searched = _searches(plan, done.population, network, teller)
        stopwatch.lap("search")
    stopwatch.lap("stop")
    return _summed_up(request, plan, done, [*card, *searched], watch, stopwatch)


async def _steps(request: DemoRequest, plan: Plan, teller: Teller, stopwatch: _Stopwatch) -> _Done:
    async with open_offices(request.folder) as offices:
        population = await populate(offices, plan, teller)
        stopwatch.lap("population")
        procedures = await _procedures(offices, plan, teller, request.concurrency)
        stopwatch.lap("procedures")
        refusals = await run_refusals(offices, plan, request.folder, teller)
        stopwatch.lap("refusals")
        with teller.phase("log copied, verified, reconciled", 1) as phase:
            log = await look_from_outside(offices, request.folder / "log-copy", offices.network.log_verifier_key)
            phase.advance()
        stopwatch.lap("log")
        retries = {reason.value: count for reason, count in offices.patience.retries.most_common()}
    return _Done(
        network=offices.network.network,
        population=population,
        procedures=procedures,
        refusals=refusals,
        log=log,
        retries=retries,
    )


async def _procedures(offices: Offices, plan: Plan, teller: Teller, concurrency: int) -> list[ProcedureResult]:
    return [await run_procedure(offices, each, teller, concurrency=concurrency) for each in plan.procedures]


def _card_act(request: DemoRequest, plan: Plan, population: Population, teller: Teller) -> list[Check]:
    """The third act, where there are parties for it and somebody who may have a card."""
    network, holder = NetworkDescription.load(request.folder), holder_among(plan.residents)
    registries = [party for party in network.agencies() if network.kind(party) == "residence"]
    if not request.beside or holder is None or not registries:
        return []
    with teller.phase("a card issued, used, lost", _CARD_STEPS) as phase:
        checks = []
        for check in card_act(network, holder, population):
            checks.append(check)
            phase.advance()
    return checks


def _searches(plan: Plan, population: Population, network: Network, teller: Teller) -> list[Check]:
    """Search the hub for what it must not have, and a node for the same, while both are up."""
    checks = []
    secrets = list(secrets_of(plan, population))
    with teller.phase("files and memory searched", 2) as phase:
        for party, check in (("hub", blindness_check), (next(iter(plan.registered())), control_check)):
            checks.append(check(_searched(party, secrets, network)))
            phase.advance()
    beside = [party for party in CARD_PARTIES if party in network.parties]
    sought = sought_beside(secrets)
    return checks + [searched_check(party, _searched(party, sought, network)) for party in beside]


def _searched(party: str, secrets: list[Secret], network: Network) -> BlindnessReport:
    """Search one party; from the beginning where it died meanwhile, once it is started again."""
    for _ in range(_SEARCH_ATTEMPTS):
        search = BlindnessSearch(secrets)
        try:
            search_party(party, network.path / party, network.parties[party].pid, search)
        except (ProcessLookupError, FileNotFoundError):
            time.sleep(_RESTART_PAUSE)
            continue
        return search.report()
    network.check()
    raise WarifuError(Reason.INTERNAL, where=f"{party} dies whenever its memory is searched")


def _summed_up(
    request: DemoRequest, plan: Plan, done: _Done, searched: list[Check], watch: _Watch, stopwatch: _Stopwatch
) -> DemoResult:
    firsts = [each.first_answer_unix_s for each in done.procedures if each.first_answer_unix_s is not None]
    seconds = stopwatch.stop()
    if firsts and (started := _process_started_unix_s()) is not None:
        seconds["first_exchange"] = round(min(firsts) - started, 3)
    return DemoResult(
        network=done.network,
        suite=request.suite,
        proofs=str(request.proofs),
        seed=request.seed,
        residents=len(plan.residents),
        residents_file=str(request.residents_file) if request.residents_file else None,
        first_exchange_unix_s=min(firsts, default=None),
        seconds=seconds,
        retries=done.retries,
        restarts=dict(+watch.restarts),
        procedures=done.procedures,
        refusals=done.refusals,
        checks=[
            population_check(plan, done.population),
            *map(procedure_check, done.procedures),
            *refusal_checks(done.refusals),
            done.log.verified,
            done.log.reconciled,
            *searched,
        ],
    )


def _process_started_unix_s(proc: Path = Path("/proc")) -> float | None:
    """When this process was started, by the machine's clock, to a hundredth of a second; None without ``/proc``."""
    try:
        fields = (proc / "self" / "stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        up = float((proc / "uptime").read_text("ascii").split()[0])
    except OSError:
        return None
    return time.time() - (up - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
