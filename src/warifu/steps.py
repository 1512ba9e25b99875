"""Calculations in steps, so that calls which came together can take each step together.

Decides how a calculation pauses between its expensive steps, and nothing of what is calculated. A processor that takes
one step for sixteen calls in a row has the step's code and tables in its caches fifteen times; one that takes sixteen
calls one after another fetches everything anew for each, some 50 µs for every step (ADR 13).

A calculation in steps is a generator that yields nothing between two steps and returns its result: values in, values
out, like any other function here. Whoever has no others beside it runs it at once; an event loop that runs many goes
round them, because a pause is what ``await asyncio.sleep(0)`` is, and takes the first step of all before the second of
any.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Generator
from typing import Generic, ParamSpec, TypeAlias, TypeVar

__all__ = ["Steps", "Stepwise", "at_once", "in_step", "keep_step"]

P = ParamSpec("P")
T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""A calculation under way: each ``next`` takes a step, the last one returns the result."""


def at_once(steps: Steps[T]) -> T:
    """Take all steps now; the result. Raises: what the calculation raises."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


@types.coroutine
def in_step(steps: Steps[T]) -> Steps[T]:
    """Awaited, the result of ``steps``, each taken when all calls that are as far have taken the one before."""
    return (yield from steps)


@types.coroutine
def keep_step() -> Steps[None]:
    """Awaited, lets all calls that are as far as this one come up to here."""
    yield


class Stepwise(Generic[P, T]):
    """A function written as a generator of steps, used as a decorator. Called, it takes them all at once."""

    def __init__(self, function: Callable[P, Steps[T]]) -> None:
        self.steps = function
        """The calculation, for :func:`in_step`."""
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """All steps now. Raises: what the function raises."""
        return at_once(self.steps(*args, **kwargs))
