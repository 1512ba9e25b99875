"""Calculations in steps: alone at once, many of them abreast."""

from __future__ import annotations

import asyncio

import pytest

from warifu.lockstep import Lockstep, Paced, at_once, in_lockstep, pause


@Lockstep
def doubled(name: str, number: int, *, taken: list[str]) -> Paced[int]:
    """Twice the number, in two steps."""
    taken.append(f"{name}1")
    yield
    taken.append(f"{name}2")
    return 2 * number


@Lockstep
def failing() -> Paced[None]:
    yield
    raise ValueError("in the second step")


def test_called_it_takes_all_steps_at_once() -> None:
    taken: list[str] = []
    assert doubled("a", 21, taken=taken) == 42
    assert taken == ["a1", "a2"]


def test_a_calculation_under_way_is_finished_at_once() -> None:
    steps = doubled.paced("a", 4, taken=[])
    next(steps)
    assert at_once(steps) == 8


async def test_calls_that_came_together_take_each_step_together() -> None:
    taken: list[str] = []
    found = await asyncio.gather(*(in_lockstep(doubled.paced(name, 1, taken=taken)) for name in "abc"))
    assert found == [2, 2, 2]
    assert taken == ["a1", "b1", "c1", "a2", "b2", "c2"]


async def test_keeping_step_waits_for_those_that_are_as_far_and_for_nobody_else() -> None:
    taken: list[str] = []
    never = asyncio.Event()

    async def call(name: str) -> None:
        taken.append(f"{name}1")
        await pause()
        taken.append(f"{name}2")

    idle = asyncio.create_task(never.wait())
    await asyncio.gather(*map(call, "ab"))
    assert taken == ["a1", "b1", "a2", "b2"]
    idle.cancel()


async def test_what_a_step_raises_reaches_its_own_caller_only() -> None:
    failed, found = await asyncio.gather(
        in_lockstep(failing.paced()), in_lockstep(doubled.paced("a", 1, taken=[])), return_exceptions=True
    )
    assert isinstance(failed, ValueError)
    assert found == 2
    with pytest.raises(ValueError, match="second step"):
        failing()


def test_it_keeps_the_name_and_the_words_of_the_function() -> None:
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice the number, in two steps.")  # type: ignore[attr-defined]
