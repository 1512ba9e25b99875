"""A real network with a hub in it that does not follow the rules, and people to ask about."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1.node_service_pb2 import InquiryResult, InquiryState
from warifu.curve.suites import available_suites
from warifu.errors import WarifuError
from warifu.exchange.proof_policy import ProofPolicy
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.procedures import new_inquiry
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate
from warifu_services.agencies.tax import LOCAL_TAX

DISHONEST_HUB = Path(__file__).with_name("dishonest_hub.py")
RESIDENTS, SEED = 16, 5


@dataclass
class Town:
    """A network that is up, with people in it."""

    path: Path
    network: Network
    plan: Plan

    def run(self, work: Callable[[Offices], Awaitable[Any]]) -> Any:
        """Do something at the offices' counters."""

        async def at_the_counters() -> Any:
            async with open_offices(self.path) as offices:
                return await work(offices)

        return asyncio.run(at_the_counters())

    def populate(self) -> None:
        async def populated(offices: Offices) -> None:
            with teller(Terminal(quiet=True)) as telling:
                await populate(offices, self.plan, telling)

        self.run(populated)

    def ask(self, *local_numbers: str) -> list[str]:
        """Childcare asks the tax office about its own people, one after the other, once: the outcome, or why none."""
        procedure = self.plan.procedures[0].procedure_code

        async def asked(offices: Offices) -> list[str]:
            answers = []
            for number in local_numbers:
                inquiry = new_inquiry(number, procedure, offices.institution("tax"), LOCAL_TAX)
                answers.append(await _outcome(offices.nodes["childcare"].inquire(inquiry)))
            return answers

        told: list[str] = self.run(asked)
        return told

    def people(self) -> list[str]:
        """Childcare's local numbers of those whom the tax office knows as well."""
        here, there = self.plan.agencies["childcare"].people, self.plan.agencies["tax"].people
        return [held.local_number for resident, held in here.items() if resident in there]


async def _outcome(asked: Awaitable[InquiryResult]) -> str:
    try:
        return str(InquiryState.Name((await asked).state))
    except WarifuError as error:
        return f"{error.reason.value} {error.where}"


@pytest.fixture
def town_with(tmp_path: Path) -> Callable[[str], Any]:
    """Starts a network whose hub plays a cheat, under a proof policy."""

    @contextmanager
    def start(cheat: str, proofs: str = "always") -> Iterator[Town]:
        def command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
            if party != "hub":
                return party_command(party, folder, options)
            words = ["--dir", str(folder), "--cheat", cheat, *options, "--stop-with-parent"]
            return [sys.executable, str(DISHONEST_HUB), *words]

        create_network(tmp_path / "net", suite=available_suites()[-1], proofs=ProofPolicy.parse(proofs))
        with Network(tmp_path / "net", command=command) as network:
            town = Town(tmp_path / "net", network, make_plan(list(generate(SEED, RESIDENTS)), SEED, AS_OF))
            town.populate()
            yield town

    return start
