"""What a file may expect of its result, and in which unit.

Decides the measures there are and how a bound on one is written. What a run measured, ``told.measures`` says by the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from warifu_kit.scenario.file.strict import did_you_mean
from warifu_kit.scenario.file.units import Bound, length, rate, share

__all__ = ["MEASURES", "Expectation", "Measure", "expectation"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a result: what it is, how a bound is read, and an example of one."""

    told: str
    unit: Callable[[str], float]
    example: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """A measure and the bound on it."""

    measure: str
    bound: Bound


def _count(text: str) -> float:
    if not text.isdecimal():
        raise ValueError('should end in a whole number, for it counts exchanges, such as "<= 10"')
    return float(text)


MEASURES: Final[Mapping[str, Measure]] = {
    "answered": Measure("Share of exchanges that were answered, or wait for a clerk as they should.", share, ">= 99%"),
    "refused": Measure("Share that ended with a definite reason.", share, "<= 1%"),
    "unknown": Measure("How many ended without anybody knowing whether they happened.", _count, "== 0"),
    "retried": Measure("Share that took more than one attempt.", share, "<= 5%"),
    "pending": Measure("How many wait for a clerk.", _count, "<= 20"),
    "p50": Measure("Half of the exchanges ended within it.", length, "<= 50ms"),
    "p95": Measure("95 of 100 ended within it.", length, "<= 200ms"),
    "p99": Measure("99 of 100 ended within it.", length, "<= 500ms"),
    "longest": Measure("The longest exchange.", length, "<= 30s"),
    "throughput": Measure("Exchanges that ended, a second of the duration.", rate, ">= 20/s"),
    "hub_busy": Measure("Share of the time that the hub's processors worked.", share, "<= 60%"),
    "longest_hub_queue": Measure("The most exchanges that waited for the hub at once.", _count, "<= 1000"),
    "recovery": Measure("After the last fault, until exchanges end as quickly as before the first.", length, "<= 1min"),
}


def expectation(value: object) -> tuple[Expectation, ...]:
    """From ``{p99: "<= 500ms"}``. Raises: ValidationError, one fault an entry."""
    if not isinstance(value, dict):
        told = 'should be measures with their bounds, such as p99: "<= 500ms"'
        raise PydanticCustomError("with_unit", "{told}", {"told": told})
    found, faults = [], []
    for name, bound in value.items():
        try:
            found.append(Expectation(name, _bound(name, bound)))
        except ValueError as error:
            fault = PydanticCustomError("with_unit", "{told}", {"told": str(error)})
            faults.append(InitErrorDetails(type=fault, loc=(name,), input=None))
    if faults:
        raise ValidationError.from_exception_data("expect", faults)
    return tuple(found)


def _bound(name: str, bound: object) -> Bound:
    measure = MEASURES.get(name)
    if measure is None:
        raise ValueError(f"is nothing that is measured: {did_you_mean(name, MEASURES)}")
    return Bound.parse(str(bound).strip(), measure.unit)
