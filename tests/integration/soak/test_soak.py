"""A network under steady work for a long while: no process grows, nothing is lost, and all three sides agree in the end.

``make soak`` runs it for twenty minutes, ``SOAK_SECONDS=60 make soak`` for one. What it goes by is tried without it.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.soak.steadiness import growth

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import WarifuError
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.outside import look_from_outside
from warifu_kit.demo.progress import teller
from warifu_kit.demo.registrations import Registrations
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate
from warifu_kit.settling import settle

SECONDS = float(os.environ.get("SOAK_SECONDS", "1200"))
PER_S = float(os.environ.get("SOAK_PER_S", "60"))
WARM_S = max(30.0, SECONDS / 3)
"""Until caches have what they will have: 4,096 roots and as many trees at each party that verifies, so some 10,000 exchanges."""

MOST_GROWN = 0.05
"""A process's memory is called flat when its growth in the whole time may be, by its interval, no more than this of it."""

_IN_BULK = 16  # one in so many comes as a file of twenty rows


class Work:
    """Steady work: inquiries that come at random moments, some of them in bulk, and how they ended."""

    def __init__(self, offices: Offices, plan: Registrations) -> None:
        self._node = offices.nodes["childcare"]
        self._inquiries = self._questions(offices, plan)
        self.ended: Counter[str] = Counter()
        self._under_way: set[asyncio.Task[None]] = set()

    @staticmethod
    def _questions(offices: Offices, plan: Registrations) -> Iterator[node_pb2.Inquiry]:
        planned = plan.procedures[0]
        cases = [case for case in planned.cases if not case.clerk_needed]
        questions = [(case, *question) for case in cases for question in case.questions]
        for case, provider, item_code in itertools.cycle(questions):
            yield node_pb2.Inquiry(
                request_id=os.urandom(16),
                local_number=case.local_number,
                procedure_code=planned.procedure_code,
                provider=offices.network.institution(provider),
                item_code=item_code,
            )

    async def for_seconds(self, seconds: float) -> None:
        """Have work come for so long, and end."""
        loop = asyncio.get_running_loop()
        due, until = loop.time(), loop.time() + seconds
        for number in itertools.count():
            due += random.expovariate(PER_S / (1 + 19 / _IN_BULK))
            if due > until:
                break
            await asyncio.sleep(due - loop.time())
            task = asyncio.create_task(self._one() if number % _IN_BULK else self._file())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        await asyncio.gather(*self._under_way)

    async def _one(self) -> None:
        try:
            await self._node.inquire(next(self._inquiries))
        except WarifuError as error:
            self.ended[error.reason.value] += 1
        else:
            self.ended["answered"] += 1

    async def _file(self) -> None:
        try:
            async for result in self._node.bulk_inquire(list(itertools.islice(self._inquiries, 20))):
                self.ended[result.failure.reason or "answered"] += 1
        except WarifuError as error:
            self.ended[f"a file: {error.reason.value}"] += 1


class Looks:
    """The resident memory of each party's process, in MiB, as the system has it."""

    def __init__(self, running: Network) -> None:
        self._pids = {party: process.pid for party, process in running.parties.items()}
        self.of: dict[str, list[float]] = {party: [] for party in self._pids}

    async def each(self, seconds: float) -> None:
        """Look, and again after so many seconds, until cancelled."""
        while True:
            for party, pid in self._pids.items():
                self.of[party].append(resident_mib(pid))
            await asyncio.sleep(seconds)


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 600)
async def test_under_steady_work_no_process_grows_and_three_sides_agree_in_the_end(tmp_path: Path) -> None:
    path = tmp_path / "net"
    create_network(path)
    with Network(path) as running:
        with teller(Terminal(file=io.StringIO())) as telling:
            settled = await settle(path, generate(1, 24), 1, AS_OF, telling)
        async with open_offices(path) as offices:
            work, looks = Work(offices, settled.plan), Looks(running)
            await work.for_seconds(WARM_S)
            looking = asyncio.create_task(looks.each(SECONDS / 240))
            await work.for_seconds(SECONDS)
            looking.cancel()
            seen: Any = await look_from_outside(offices, tmp_path / "copy", offices.network.log_verifier_key)
    grown = {party: growth(found) for party, found in looks.of.items()}
    for party, found in looks.of.items():
        each, step = grown[party], len(found) // 20
        print(f"\nSOAK {party:10}", *(f"{mib:.1f}" for mib in found[::step]))  # noqa: T201
        print(  # noqa: T201
            f"\nSOAK {party:10} {found[0]:6.1f} -> {found[-1]:6.1f} MiB, grew by {each.grown:5.2f} ({each.low:5.2f} to {each.high:5.2f})"
        )
    print(f"\nSOAK {SECONDS:.0f} s, {work.ended.total()} exchanges: {dict(work.ended)}")  # noqa: T201
    assert set(work.ended) <= {"answered", "RECORD_NOT_HELD"}
    assert (seen.verified.holds, seen.reconciled.holds) == (True, True), seen.reconciled.detail
    assert {party: each for party, each in grown.items() if each.low > MOST_GROWN * looks.of[party][0]} == {}


def test_memory_that_goes_up_and_down_is_flat_and_a_leak_below_the_noise_of_each_look_is_seen() -> None:
    drawn = random.Random(1)
    noise = [80 + drawn.gauss(0, 3) for _ in range(240)]
    assert growth(noise).low < 0 < growth(noise).high
    leak = growth([look + place * 8 / 240 for place, look in enumerate(noise)])
    assert leak.low > MOST_GROWN * 80
    assert leak.low < 8 < leak.high


def test_memory_that_was_given_back_has_not_grown() -> None:
    assert growth([100.0] * 100 + [90.0] * 140).high < 0
