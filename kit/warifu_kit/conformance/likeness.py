"""Whether values that should be random have something in common, in words.

Decides what counts: so little of it that a good source of randomness has none of it in a million runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

__all__ = ["likeness"]

_IN_A_ROW = 5
_IN_PLACE = 4
_NEAR = 1 << 32


def likeness(values: Sequence[bytes]) -> str:
    """The first thing in common of some values of 16 bytes, eight or more; empty when there is nothing."""
    if len(set(values)) < len(values):
        return "two are the same"
    for place, column in enumerate(zip(*values, strict=False)):
        if len(set(column)) <= 2:
            return f"byte {place} is the same in nearly all"
    for one, other in combinations(values, 2):
        if _share(one, other):
            return f"two have {_IN_A_ROW} bytes in common, or {_IN_PLACE} in one place"
        if abs(int.from_bytes(one) - int.from_bytes(other)) < _NEAR:
            return "two are one counted on from the other"
    if any(len(set(value)) <= 4 for value in values):
        return "one is hardly random"
    return ""


def _share(one: bytes, other: bytes) -> bool:
    ends = range(_IN_PLACE, len(one) + 1)
    if any(one[end - _IN_PLACE : end] == other[end - _IN_PLACE : end] for end in ends):
        return True
    runs = {one[at : at + _IN_A_ROW] for at in range(len(one) - _IN_A_ROW + 1)}
    return any(other[at : at + _IN_A_ROW] in runs for at in range(len(other) - _IN_A_ROW + 1))
