"""Whole networks that are backed up, go on, and are put back."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu_kit.backup.backup import back_up
from warifu_kit.backup.restore import restore_network
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.network.network import Network


@dataclass
class Place:
    """A network's folder, up or down, and the people who were in it when it was made."""

    path: Path
    plan: Any
    amiss: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def up(self, go_on: Collection[str] = ()) -> AsyncIterator[Offices]:
        """Start it, and speak for its offices."""

        def note(event: str, party: str, why: str) -> None:
            if event == "amiss":
                self.amiss[party] = why

        self.amiss.clear()
        network = Network(self.path, go_on=go_on, on_event=note)
        await asyncio.to_thread(network.start)
        try:
            async with open_offices(self.path) as offices:
                yield offices
        finally:
            await asyncio.to_thread(network.stop)

    def inquiries(self, offices: Offices, provider: str | None = None) -> Iterator[node_pb2.Inquiry]:
        """New inquiries of the child allowance office, for ever; to one provider if told so."""
        planned = self.plan.procedures[0]
        cases = [case for case in planned.cases if not case.clerk_needed]
        asked = [(case, *question) for case in cases for question in case.questions]
        for case, party, item_code in itertools.cycle(asked):
            if provider in (None, party):
                yield node_pb2.Inquiry(
                    request_id=secrets.token_bytes(16),
                    local_number=case.local_number,
                    procedure_code=planned.procedure_code,
                    provider=offices.institution(party),
                    item_code=item_code,
                )

    async def ask(self, offices: Offices, count: int, provider: str | None = None) -> None:
        """Some exchanges, each to its end."""
        asked = list(itertools.islice(self.inquiries(offices, provider), count))
        results = await asyncio.gather(*map(offices.nodes["childcare"].inquire, asked))
        assert {result.state for result in results} == {node_pb2.INQUIRY_STATE_ANSWERED}

    async def at_rest(self, offices: Offices) -> None:
        """Wait until every inquiry has ended, also those that the nodes took up again when they started."""
        while node_pb2.EXCHANGE_OUTCOME_OPEN in {  # noqa: ASYNC110  # ends in other processes
            record.outcome for node in offices.nodes.values() for record in await node.exchange_records()
        }:
            await asyncio.sleep(0.05)

    def seen_size(self, party: str) -> int:
        """How many entries of the hub's log the party has seen a checkpoint over."""
        found = self.rows(party, "SELECT signed_note FROM seen_checkpoint")
        return read_checkpoint_unverified(found[0][0]).size if found else 0

    def rows(self, party: str, query: str) -> list[Any]:
        """What a party's file holds, read the way the guide says."""
        name = "hub" if party == "hub" else "node"
        with closing(sqlite3.connect(f"file:{self.path / party / name}.sqlite3?mode=ro", uri=True)) as reader:
            return reader.execute(query).fetchall()

    def log_of(self, party: str) -> str:
        """What the party's processes wrote."""
        return (self.path / party / "party.log").read_text("utf-8")


@pytest.fixture(scope="module")
def settled(begin_town: Any) -> Place:
    """A network that is up all the time, with its people registered."""
    town = begin_town()
    return Place(town.path, town.plan)


@pytest.fixture(scope="module")
def backup(settled: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it from before its first exchange."""
    out = tmp_path_factory.mktemp("backup") / "out"
    back_up(settled.path, out)
    return out


@pytest.fixture
def put_back(settled: Place, overheard: Any, tmp_path: Path) -> Callable[[Path, str], Place]:
    """Put a backup into a new folder, as a whole network that is down."""

    def restored(backup: Path, name: str) -> Place:
        restore_network(backup, tmp_path / name)
        overheard.folders.append(tmp_path / name)
        return Place(tmp_path / name, settled.plan)

    return restored
