"""Calculations that pause, so that calls which came together go in lockstep.

Decides how a calculation pauses between its expensive parts, and nothing of what is calculated. A processor that takes
one part for sixteen calls in a row has the part's code and tables in its caches fifteen times; one that takes sixteen
calls one after another fetches everything anew for each, some 50 µs for every part (ADR 13).

A paced calculation is a generator that yields nothing between two parts and returns its result: values in, values out,
like any other function here. Whoever has no others beside it runs it at once; an event loop that runs many goes round
them, because a pause is what ``await asyncio.sleep(0)`` is, and takes the first part of all before the second of any.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Generator
from typing import Generic, ParamSpec, TypeAlias, TypeVar

__all__ = ["Lockstep", "Paced", "at_once", "in_lockstep", "pause"]

P = ParamSpec("P")
T = TypeVar("T")

Paced: TypeAlias = Generator[None, None, T]
"""A calculation under way: each ``next`` takes a part, the last one returns the result."""


def at_once(calculation: Paced[T]) -> T:
    """Take all parts now; the result. Raises: what the calculation raises."""
    while True:
        try:
            next(calculation)
        except StopIteration as end:
            result: T = end.value
            return result


@types.coroutine
def in_lockstep(calculation: Paced[T]) -> Paced[T]:
    """Awaited, the result of ``calculation``, each part taken when all calls that are as far took the one before."""
    return (yield from calculation)


@types.coroutine
def pause() -> Paced[None]:
    """Awaited, lets all calls that are as far as this one come up to here."""
    yield


class Lockstep(Generic[P, T]):
    """A function written as a paced calculation, used as a decorator. Called, it takes all its parts at once."""

    def __init__(self, function: Callable[P, Paced[T]]) -> None:
        self.paced = function
        """The calculation, for :func:`in_lockstep`."""
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """All parts now. Raises: what the function raises."""
        return at_once(self.paced(*args, **kwargs))
