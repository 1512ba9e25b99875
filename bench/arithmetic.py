"""What the group arithmetic of a row costs on this machine in this run: the floor under everything else.

Decides how it is measured: each operation by itself, hot, in processor time of the thread, the lowest tenth of many short turns, so
that neighbours on the machine say little. Knows no exchange; how often a row needs each is in ``figures``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from warifu.curve.suites import group_of

__all__ = ["arithmetic_us"]

_TURNS, _IN_A_TURN = 60, 20


def arithmetic_us(suite: int) -> dict[str, float]:
    """Microseconds of each operation in this suite."""
    group = group_of(suite)
    scalar = group.random_scalar()
    one, other = group.hash_to_point(b"one"), group.hash_to_point(b"other")
    operations: dict[str, Callable[[], Any]] = {
        "multiply": lambda: group.multiply(scalar, one),
        "base_multiply": lambda: group.base_multiply(scalar),
        "add": lambda: group.add(one, other),
        "validate": lambda: group.decode(one),
    }
    turns: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(_TURNS):  # in turn, so that all of them meet the same neighbours
        for name, operation in operations.items():
            turns[name].append(_turn_us(operation))
    return {name: sorted(found)[_TURNS // 10] for name, found in turns.items()}


def _turn_us(operation: Callable[[], Any]) -> float:
    began = time.thread_time_ns()
    for _ in range(_IN_A_TURN):
        operation()
    return (time.thread_time_ns() - began) / 1000 / _IN_A_TURN
