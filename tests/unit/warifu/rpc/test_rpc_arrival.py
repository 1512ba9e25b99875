"""Calls that come one by one: many begin together, few begin at once, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from warifu.rpc.arrival import MOST_AT_ONCE, ArrivalGate


class Calls:
    """Calls through one gate, each going on until it is let end; ``begun`` has how many began in each round of the loop."""

    def __init__(self) -> None:
        self.gate = ArrivalGate()
        self.begun: list[int] = []
        self._round = -1
        self._rounds = 0
        self._ends: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []

    def _begin(self) -> None:
        if self._round != self._rounds:
            self._round = self._rounds
            self.begun.append(0)
        self.begun[-1] += 1

    async def _call(self, end: asyncio.Event) -> None:
        async with self.gate.passing():
            self._begin()
            await end.wait()

    async def come(self, count: int) -> list[asyncio.Task[None]]:
        """So many calls, each in a round of its own."""
        tasks = []
        for _ in range(count):
            self._ends.append(asyncio.Event())
            tasks.append(asyncio.create_task(self._call(self._ends[-1])))
            await self.rounds(3)
        self._tasks += tasks
        return tasks

    async def rounds(self, count: int) -> None:
        """Let the loop go round."""
        for _ in range(count):
            self._rounds += 1
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Let all end that are under way or wait."""
        self.gate._open()
        for end in self._ends:
            end.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ends.clear()
        self._tasks.clear()
        self.begun.clear()
        self._round = -1

    async def usually(self, count: int) -> None:
        """Make so many under way the usual number."""
        for _ in range(40):
            await self.come(count)
            await self.end()


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    """Calls through a gate of their own."""
    made = Calls()
    yield made
    await made.end()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes whoever waits give up after so many seconds."""

    def for_seconds(seconds: float) -> None:
        monkeypatch.setattr(ArrivalGate, "_longest_wait", lambda _: seconds)

    return for_seconds


async def test_where_calls_are_few_none_waits(calls: Calls, patience: Callable[[float], None]) -> None:
    patience(3600)
    for _ in range(100):
        await calls.come(3)
        assert calls.begun == [1, 1, 1]
        await calls.end()


async def test_where_they_are_many_they_begin_together(calls: Calls, patience: Callable[[float], None]) -> None:
    patience(0)
    await calls.usually(24)
    patience(3600)
    await calls.come(24)
    assert min(calls.begun) >= 5


async def test_no_more_are_let_in_at_once_than_share_a_message(calls: Calls, patience: Callable[[float], None]) -> None:
    patience(0)
    await calls.usually(200)
    patience(3600)
    await calls.come(200)
    assert max(calls.begun) == MOST_AT_ONCE


async def test_one_that_nobody_joins_begins_when_its_patience_ends(
    calls: Calls, patience: Callable[[float], None]
) -> None:
    patience(0)
    await calls.usually(24)
    (alone,) = await calls.come(1)
    while not calls.begun:
        await calls.rounds(1)
    await calls.end()
    assert alone.done()


async def test_one_that_gives_up_while_it_waits_keeps_nobody_out(
    calls: Calls, patience: Callable[[float], None]
) -> None:
    patience(0)
    await calls.usually(24)
    patience(3600)
    (gone,) = await calls.come(1)
    assert calls.begun == []
    gone.cancel()
    await calls.come(24)
    assert sum(calls.begun) >= 20
