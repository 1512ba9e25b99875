"""A chore goes on whatever it meets, and says so."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party import chores as chores_module
from warifu.party.alarms import AlarmKind, Alarms
from warifu.party.chores import Chores
from warifu.rpc import logging as party_logging


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream, before = io.StringIO(), (party_logging._Output.level, party_logging._Output.stream)
    party_logging._Output.level, party_logging._Output.stream = "warning", stream
    yield stream
    party_logging._Output.level, party_logging._Output.stream = before


@pytest.fixture
def alarms(tmp_path: Path, log: io.StringIO) -> Alarms:
    return Alarms("tax", tmp_path, SystemClock())


@pytest.fixture
async def chores(alarms: Alarms) -> AsyncIterator[Chores]:
    made = Chores("tax", alarms, first_pause_s=0.001)
    yield made
    await made.end()


def told(alarms: Alarms) -> list[tuple[AlarmKind, str]]:
    return [(alarm.kind, alarm.where) for alarm in alarms.standing()]


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # what is waited for cannot all tell of itself
            await asyncio.sleep(0.001)


FAULTS = [
    AssertionError("Suzuki Hanako"),
    AttributeError("Suzuki Hanako"),
    OverflowError("Suzuki Hanako"),
    WarifuError(Reason.HUB_ANSWER_INVALID, where="headers"),
    None,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_a_chore_that_falls_over_is_begun_again_and_is_an_alarm(
    chores: Chores, alarms: Alarms, log: io.StringIO, fault: Exception | None
) -> None:
    begun, other = list[int](), asyncio.Event()

    async def fall() -> None:
        begun.append(len(begun))
        if fault is not None:
            raise fault

    async def go_on() -> None:
        other.set()
        await asyncio.Event().wait()

    chores.begin("following", fall)
    chores.begin("looking", go_on)
    await until(lambda: len(begun) > 2)
    assert other.is_set()
    why = "HUB_ANSWER_INVALID" if isinstance(fault, WarifuError) else type(fault).__name__
    why = "it came to an end" if fault is None else why
    assert told(alarms) == [(AlarmKind.CHORE_FELL_OVER, f"following: {why}")]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["chore"] for line in lines if line["event"] == "chore_fell_over"} == {"following"}
    assert "Suzuki" not in log.getvalue()


async def test_the_alarm_ends_once_every_chore_has_gone_on_for_a_while(
    chores: Chores, alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chores_module, "_GOES_ON_S", 0.01)
    falls = {"following": 1, "looking": 2}

    def chore(name: str) -> Callable[[], Any]:
        async def keep() -> None:
            falls[name] -= 1
            if falls[name] >= 0:
                raise OverflowError
            await asyncio.Event().wait()

        return keep

    for name in falls:
        chores.begin(name, chore(name))
    await until(lambda: told(alarms))
    await until(lambda: not told(alarms))
    assert falls == {"following": -1, "looking": -1}


async def test_a_chore_that_always_falls_over_is_begun_ever_less_often(
    alarms: Alarms, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses, enough, sleep = list[float](), asyncio.Event(), asyncio.sleep

    async def no_sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            enough.set()
            await asyncio.Event().wait()
        await sleep(0)

    async def fall() -> None:
        raise OverflowError

    chores = Chores("tax", alarms)
    monkeypatch.setattr("warifu.party.chores.asyncio.sleep", no_sleep)
    chores.begin("following", fall)
    await enough.wait()
    await chores.end()
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


async def test_chores_end_when_they_are_told_to(chores: Chores, alarms: Alarms) -> None:
    ended = asyncio.Event()

    async def keep() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    chores.begin("following", keep)
    await asyncio.sleep(0)
    await chores.end()
    assert ended.is_set()
    assert told(alarms) == []
