"""A party's clock is wrong for one call, and for nobody else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from warifu.clock import ManualClock
from warifu_kit.faults.clock import SkewedClock, be_off_by

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


async def test_a_call_sees_the_wrong_time_and_what_it_begins_the_right_one() -> None:
    clock = SkewedClock(ManualClock(NOON))

    async def begun() -> datetime:
        return clock.now()

    async def call() -> tuple[datetime, datetime, datetime]:
        be_off_by(-60_000)
        return clock.now(), await asyncio.create_task(begun()), clock.now()

    early = NOON - timedelta(minutes=1)
    assert await asyncio.create_task(call()) == (early, NOON, early)


async def test_a_task_begun_for_a_call_sees_its_time_and_the_beginner_does_not() -> None:
    clock = SkewedClock(ManualClock(NOON))

    async def call() -> datetime:
        return clock.now()

    be_off_by(60_000)
    skewed = asyncio.create_task(call())
    be_off_by(0)
    assert (await skewed, clock.now()) == (NOON + timedelta(minutes=1), NOON)


async def test_other_calls_see_the_right_time_meanwhile() -> None:
    clock = SkewedClock(ManualClock(NOON))
    other_looked = asyncio.Event()

    async def call() -> int:
        be_off_by(3_600_000)
        await other_looked.wait()
        return clock.unix_ms()

    skewed = asyncio.create_task(call())
    await asyncio.sleep(0)
    assert clock.unix_ms() == int(NOON.timestamp() * 1000)
    other_looked.set()
    assert await skewed == int(NOON.timestamp() * 1000) + 3_600_000
