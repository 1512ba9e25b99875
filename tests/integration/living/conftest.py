"""A network under traffic, in which something changes: 64 inquiries in flight, and not one may fail."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu.errors import WarifuError
from warifu.party.network_file import read_network_file
from warifu.tlog import verify_copy
from warifu_kit.audit.log_copy import copy_log
from warifu_kit.audit.reconciliation import reconcile
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.network.joining import wait_taken

IN_FLIGHT = 64


@dataclass
class Traffic:
    """Inquiries of the childcare office, one after the other on each of 64 lines, until it is told to stop."""

    town: Any
    offices: Offices
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    _stop: bool = False
    _wanted: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def line(self, inquiries: Iterator[node_pb2.Inquiry]) -> None:
        while not self._stop:
            try:
                result = await self.offices.nodes["childcare"].inquire(next(inquiries), timeout=60)
            except WarifuError as error:
                self.failures.append(f"{error}: {error.debug}")
                continue
            if result.state != node_pb2.INQUIRY_STATE_ANSWERED:
                self.failures.append(node_pb2.InquiryState.Name(result.state))
            self.answered += 1
            if self.answered >= self._wanted:
                self._enough.set()

    async def more(self, count: int = 3 * IN_FLIGHT) -> None:
        """Return when ``count`` more were answered: every line has begun anew since."""
        self._wanted = self.answered + count
        self._enough.clear()
        await self._enough.wait()

    def stop(self) -> None:
        self._stop = True


def asked(town: Any) -> Iterator[node_pb2.Inquiry]:
    planned = town.plan.procedures[0]
    cases = [case for case in planned.cases if not case.clerk_needed]
    for case in itertools.cycle(cases):
        for provider, item_code in case.questions:
            yield node_pb2.Inquiry(
                request_id=secrets.token_bytes(16),
                local_number=case.local_number,
                procedure_code=planned.procedure_code,
                provider=town.institution(provider),
                item_code=item_code,
            )


@asynccontextmanager
async def under_way(town: Any, offices: Offices) -> AsyncIterator[Traffic]:
    traffic, inquiries = Traffic(town, offices), asked(town)
    lines = asyncio.gather(*(traffic.line(inquiries) for _ in range(IN_FLIGHT)))
    try:
        await traffic.more()
        yield traffic
        await traffic.more()
    finally:
        traffic.stop()
        with suppress(asyncio.CancelledError):
            await lines


@dataclass
class Living:
    """One network of the test's own, and what may be done to it while it is asked."""

    town: Any
    offices: Offices
    of_those_who_left: dict[str, list[ExchangeRecord]]

    @property
    def path(self) -> Path:
        path: Path = self.town.path
        return path

    async def changed_under_traffic(self, change: Callable[[], Any], *, taken_by: list[str] | None = None) -> None:
        """Make ``change`` while 64 inquiries are in flight; nothing fails before, meanwhile or after."""
        async with under_way(self.town, self.offices) as traffic:
            version = await asyncio.to_thread(change)
            if isinstance(version, int):
                behind = await asyncio.to_thread(wait_taken, self.path, version, taken_by or self.running(), 30)
                assert behind == []
        assert traffic.failures == []

    def running(self) -> list[str]:
        parties = read_network_file(self.path).parties
        return [name for name, about in parties.items() if about.role != "supervisor"]

    async def agrees(self, copy: Path) -> None:
        """The log verifies with its public key, and the three sides have no difference, those who left with theirs."""
        await copy_log(self.offices.log, copy)
        verified = verify_copy(copy, read_network_file(self.path).log_verifier_key)
        records = dict(self.of_those_who_left)
        for agency, node in self.offices.nodes.items():
            records[self.offices.institution(agency)] = await node.exchange_records()
        found = reconcile(verified.leaves(), records)
        assert sum(found.counts.values()) > len(self.of_those_who_left)
        assert list(found.differences) == []


@pytest.fixture(scope="module")
def of_those_who_left() -> dict[str, list[ExchangeRecord]]:
    """Records that somebody's own node gave before it left, by institution code."""
    return {}


@pytest.fixture(scope="module")
def town(begin_town: Callable[[], Any]) -> Any:
    """One of our own, for it changes for good."""
    return begin_town()


@pytest.fixture
async def living(town: Any, of_those_who_left: dict[str, list[ExchangeRecord]]) -> AsyncIterator[Living]:
    async with open_offices(town.path) as offices:
        yield Living(town, offices, of_those_who_left)
