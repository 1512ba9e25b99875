"""Values with their units, as people write them: ``50ms``, ``2h``, ``30/s``, ``5%``, ``<= 500ms``.

Decides what may be written and what it comes to: seconds, a number a second, a share from 0 to 1. A value without a unit is
refused, also where a page would make clear what is meant: a file is read years later. Pure.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Bound", "length", "length_text", "length_typed", "rate", "share", "time_of_day"]

_LENGTHS: Final[Mapping[str, float]] = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "y": 31_536_000.0,
}
"""Seconds in each. A year has 365 days."""

_NUMBER: Final = r"(\d{1,15}(?:\.\d{1,9})?)"
_LENGTH: Final = re.compile(rf"{_NUMBER} ?({'|'.join(_LENGTHS)})", re.ASCII)
_RATE: Final = re.compile(rf"{_NUMBER} ?/ ?({'|'.join(_LENGTHS)})", re.ASCII)
_SHARE: Final = re.compile(rf"{_NUMBER} ?%", re.ASCII)
_TIME: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_BOUND: Final = re.compile(r"(<=|>=|<|>|==) ?(\S.*)")
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
_HOURS_OF_A_DAY: Final = 24
_TWO_UNITS: Final = (("d", 86_370.0, "h"), ("h", 3_599.5, "min"), ("min", 59.95, "s"))
"""From how many seconds on a length is shown in a unit, which is what rounds to one of it, and in which its rest."""
_SECOND: Final = 0.9995


def length(text: str) -> float:
    """Seconds: ``50ms``, ``1.5 s``, ``2h``; us, ms, s, m or min, h, d, y. Raises: ValueError, saying what was expected."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ValueError("should be a length of time with its unit, such as 50ms, 30s, 2h or 1d")
    return float(found[1]) * _LENGTHS[found[2]]


def rate(text: str) -> float:
    """A number a second: ``30/s``, ``83000/d``, ``30.29/y``. Raises: ValueError."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError("should be a rate with its unit, such as 30/s, 500/h or 83000/d")
    return float(found[1]) / _LENGTHS[found[2]]


def share(text: str) -> float:
    """From 0 to 1: ``5%``. Raises: ValueError."""
    found = _SHARE.fullmatch(text)
    if found is None or float(found[1]) > 100:
        raise ValueError("should be a share from 0% to 100%, such as 5%")
    return float(found[1]) / 100


def time_of_day(text: str) -> float:
    """Seconds since midnight: ``08:30``, up to ``24:00``. Raises: ValueError."""
    found = _TIME.fullmatch(text)
    if found is None or (int(found[1]) == _HOURS_OF_A_DAY and found[2] != "00"):
        raise ValueError('should be a time of day, quoted, such as "08:30"')
    return int(found[1]) * 3600.0 + int(found[2]) * 60.0


def length_text(seconds: float) -> str:
    """A length for people: ``18.3 ms``, ``2.5 s``, ``1 min 17 s``, ``3 h``. Not one that :func:`length` reads."""
    for unit, least, below in _TWO_UNITS:
        if seconds >= least:
            each = round(_LENGTHS[unit] / _LENGTHS[below])
            whole, rest = divmod(round(seconds / _LENGTHS[below]), each)
            return f"{whole} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{seconds:.3g} s" if seconds >= _SECOND else f"{seconds * 1e3:.3g} ms"


def length_typed(seconds: float) -> str:
    """A length as :func:`length` reads it: ``250ms``, ``90s``."""
    return f"{seconds * 1e3:.6g}ms" if seconds < 1 else f"{seconds:.15g}s"


@dataclass(frozen=True, slots=True)
class Bound:
    """One expectation: ``<= 500ms``, ``>= 99%``, ``== 0``. ``limit`` is in seconds, a share, or a number."""

    text: str
    compare: str
    limit: float

    @classmethod
    def parse(cls, text: str, unit: Callable[[str], float]) -> Bound:
        """``unit`` reads what follows the comparison. Raises: ValueError."""
        found = _BOUND.fullmatch(text)
        if found is None:
            raise ValueError('should be a comparison and a value, quoted, such as "<= 500ms" or ">= 99%"')
        return cls(text, found[1], unit(found[2]))

    def holds(self, value: float) -> bool:
        """Whether ``value`` keeps it."""
        return _COMPARED[self.compare](value, self.limit)
