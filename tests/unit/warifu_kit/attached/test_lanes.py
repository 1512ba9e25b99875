"""Hooks that block their thread: others run on another one, of which there are a few."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from warifu_kit.attached.lanes import MOST_LANES, Lanes

HELD_S = 60


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    made = Lanes("test", patience_s=0.02)
    yield made
    made.close()


class Held:
    """Blocks whatever thread runs it until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    async def __call__(self) -> int:
        self.begun.release()
        assert self.go.wait(HELD_S)
        return threading.get_ident()

    async def has_begun(self) -> bool:
        return await asyncio.to_thread(self.begun.acquire, timeout=HELD_S)


async def test_as_many_as_there_may_be_threads_block_at_once_and_the_next_waits_for_one_of_them(lanes: Lanes) -> None:
    held = Held()
    running = [asyncio.create_task(lanes.run(held)) for _ in range(MOST_LANES + 2)]
    for _ in range(MOST_LANES):
        assert await held.has_begun()
    assert not held.begun.acquire(blocking=False)
    held.go.set()
    assert len(set(await asyncio.gather(*running))) <= MOST_LANES


async def test_what_came_at_once_with_a_hook_that_blocks_is_begun_elsewhere_and_run_once(lanes: Lanes) -> None:
    held, ran = Held(), []

    async def other(number: int) -> None:
        ran.append(number)

    blocked = asyncio.create_task(lanes.run(held))
    await asyncio.gather(*(lanes.run(partial(other, number)) for number in range(20)))
    assert not blocked.done()
    held.go.set()
    await blocked
    await lanes.run(lambda: other(20))  # the lane that was blocked has come to whatever it was given
    assert sorted(ran) == list(range(21))


async def test_what_a_hook_raises_is_raised_to_whoever_asked(lanes: Lanes) -> None:
    async def falls() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await lanes.run(falls)
