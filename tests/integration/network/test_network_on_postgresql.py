"""A whole network whose parties all keep their rows on one real PostgreSQL server, each in a schema of its own."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.postgres.server import PostgresServer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.outside import look_from_outside
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import populate
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import generate

PARTIES = ("hub", "authority", "residence", "tax", "childcare", "insurance")


@dataclass(frozen=True)
class Town:
    path: Path
    plan: Plan
    running: Network


@pytest.fixture
def town(postgres: PostgresServer, tmp_path: Path) -> Iterator[Town]:
    path = tmp_path / "net"
    create_network(path)
    for party in PARTIES:
        settings = path / party / "party.json"
        fields = json.loads(settings.read_text("utf-8"))
        settings.write_text(json.dumps(fields | {"store": postgres.address}), "utf-8")
    with Network(path) as running:
        yield Town(path, make_plan(generate(1, 12), 1, date(2026, 11, 1)), running)


def inquiries(town: Town, running: Any) -> Iterator[node_pb2.Inquiry]:
    """Inquiries about child allowance that are answered at once, again and again, each a new one."""
    planned = town.plan.procedures[0]
    cases = [case for case in planned.cases if not case.clerk_needed]
    questions = [(case, *question) for case in cases for question in case.questions]
    for case, provider, item_code in itertools.cycle(questions):
        yield node_pb2.Inquiry(
            request_id=secrets.token_bytes(16),
            local_number=case.local_number,
            procedure_code=planned.procedure_code,
            provider=running.institution(provider),
            item_code=item_code,
        )


async def test_server_and_nodes_killed_in_mid_traffic_lose_no_acknowledged_exchange_and_three_sides_agree(
    town: Town, postgres: PostgresServer, tmp_path: Path
) -> None:
    async with open_offices(town.path) as offices:
        with teller(Terminal(file=io.StringIO())) as telling:
            await populate(offices, town.plan, telling)
        assert not list(town.path.glob("*/*.sqlite3")), "no rows lie in a folder"
        asked = list(itertools.islice(inquiries(town, offices), 90))
        acknowledged: list[Any] = []
        slots, enough = asyncio.Semaphore(16), asyncio.Event()

        async def until_answered(inquiry: node_pb2.Inquiry) -> None:
            async with slots:
                result = await offices.patience.of(lambda: offices.nodes["childcare"].inquire(inquiry))
                acknowledged.append((inquiry, result))
                if len(acknowledged) >= 30:
                    enough.set()

        traffic = asyncio.gather(*(until_answered(inquiry) for inquiry in asked))
        await enough.wait()
        await asyncio.to_thread(postgres.kill)
        town.running.parties["tax"].send(signal.SIGKILL)
        await asyncio.to_thread(postgres.start)
        await traffic
        for inquiry, result in acknowledged[:10]:
            assert await offices.nodes["childcare"].inquire(inquiry) == result, "asked again, it is the same answer"
        await compared(offices, town, tmp_path)


async def compared(offices: Offices, town: Town, tmp_path: Path) -> None:
    """The hub's log and both agencies' records say the same, and the log verifies."""
    vkey = offices.network.log_verifier_key
    seen = await look_from_outside(offices, tmp_path / "copy", vkey)
    assert (seen.verified.holds, seen.reconciled.holds) == (True, True), seen.reconciled.detail
