"""How calls arrive, as a file may say it: one model a process, told apart by ``process``.

Decides the shapes alone; which moments come of them, ``virtual.arrivals`` draws.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from warifu_kit.scenario.file.strict import Rate, Strict, TimeOfDay

__all__ = ["Arrivals", "BatchNights", "Constant", "Diurnal", "JunePeak", "LifeEvents", "Poisson", "Replay"]


class Constant(Strict):
    """One call after the other, evenly."""

    process: Literal["constant"]
    rate: Annotated[Rate, Field(description="Calls a second, an hour, a day.")]


class Poisson(Strict):
    """People who do not know of each other."""

    process: Literal["poisson"]
    rate: Annotated[Rate, Field(description="Calls, on average.")]


class Diurnal(Strict):
    """Poisson, at the hours of an office: slow beginnings, two hills with lunch between, little at night."""

    process: Literal["diurnal"]
    rate: Annotated[Rate, Field(description="The mean over a whole day; the busiest hour has about three times it.")]


class JunePeak(Strict):
    """Poisson, a year in miniature: the duration is cut into twelve months, and the rate is June's."""

    process: Literal["june_peak"]
    rate: Annotated[Rate, Field(description="June's rate. The proportions of the months are made up.")]


class BatchNights(Strict):
    """Files asked in bulk, handed in at random moments of each night."""

    process: Literal["batch_nights"]
    files: Annotated[int, Field(ge=1, le=10_000, strict=True, description="Files a night.")]
    rows: Annotated[int, Field(ge=1, le=10_000, strict=True, description="Rows a file.")]
    opens: Annotated[TimeOfDay, Field(description="From when files are handed in.")] = 22 * 3600.0
    closes: Annotated[TimeOfDay, Field(description="Until when; earlier than opens: the next morning.")] = 6 * 3600.0


class LifeEvents(Strict):
    """People move, are born: Poisson at the rate of the population, a call for each member of the household."""

    process: Literal["life_events"]
    event: Annotated[str, Field(min_length=1, max_length=40, description="One of population.life_events.")]


class Replay(Strict):
    """The moments of a CSV file with the column at_s: seconds from the beginning, in any order."""

    process: Literal["replay"]
    file: Annotated[str, Field(min_length=1, max_length=400, description="Its path, beside the scenario.")]
    faster: Annotated[float, Field(gt=0, le=1e6, description="How many times as fast.")] = 1.0


Arrivals = Annotated[
    Constant | Poisson | Diurnal | JunePeak | BatchNights | LifeEvents | Replay, Field(discriminator="process")
]
