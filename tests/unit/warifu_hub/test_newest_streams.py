"""The places of a caller's streams: the newest go on, an older one ends by name, and nobody's are anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity, Role
from warifu_hub.newest_streams import NewestStreams

MOST = 4


def of(number: int, role: Role = Role.AGENCY) -> Identity:
    return Identity(network="dev", role=role, institution=InstitutionCode(f"9{number:015d}"))


async def open_streams(streams: NewestStreams, *callers: Identity) -> list[asyncio.Task[None]]:
    """A stream of each, opened in this order, on which nothing is ever said."""

    async def wait(caller: Identity, begun: Callable[[], None]) -> None:
        async with streams.place(caller):
            begun()
            await asyncio.Event().wait()

    tasks = []
    for caller in callers:
        begun = asyncio.Event()
        tasks.append(asyncio.create_task(wait(caller, begun.set)))
        await begun.wait()
    return tasks


async def end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_of_many_streams_of_one_caller_the_newest_go_on_and_the_others_end_by_name() -> None:
    streams = NewestStreams(MOST)
    *older, a, b, c, d = await open_streams(streams, *[of(1)] * 100)
    ended = await asyncio.gather(*older, return_exceptions=True)
    assert {(error.reason, error.where) for error in ended if isinstance(error, WarifuError)} == {
        (Reason.OVERLOADED, "streams")
    }
    assert (len(ended), len(streams)) == (96, MOST)
    assert not any(task.done() for task in (a, b, c, d))
    await end([a, b, c, d])
    assert len(streams) == 0


async def test_a_stream_that_ended_leaves_its_place_to_the_next() -> None:
    streams = NewestStreams(MOST)
    first, *others = await open_streams(streams, *[of(1)] * MOST)
    await end(others[:1])
    others += await open_streams(streams, of(1))
    assert not first.done()
    await end([first, *others])


async def test_a_caller_with_too_many_streams_ends_nobody_elses() -> None:
    streams = NewestStreams(MOST)
    others = await open_streams(streams, of(2), of(1, Role.BUSINESS))
    many = await open_streams(streams, *[of(1)] * 20)
    await asyncio.gather(*many[:-MOST], return_exceptions=True)
    assert not any(task.done() for task in others)
    assert len(streams) == MOST + 2
    await end([*others, *many])


async def test_a_time_that_runs_out_within_a_stream_is_not_taken_for_a_lost_place() -> None:
    streams = NewestStreams(MOST)
    with pytest.raises(TimeoutError):
        async with streams.place(of(1)):
            raise TimeoutError
    assert len(streams) == 0
