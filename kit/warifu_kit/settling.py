"""Registering people in a network that is up, whoever asks for it: a command, or a test.

Decides the order: the plan is made for the agencies that there are, people are registered, ``population.json`` is written.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu_kit.demo.agencies import agencies_in
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.population import Population, populate
from warifu_kit.demo.progress import Teller
from warifu_kit.demo.registrations import Registrations, make_registrations
from warifu_kit.people.residents import Resident
from warifu_kit.settled import describe_population, write_population

__all__ = ["Settled", "settle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of it. ``written`` is the file that says who is registered where."""

    plan: Registrations
    population: Population
    written: Path


async def settle(
    folder: Path,
    residents: Sequence[Resident],
    seed: int,
    on: datetime.date,
    telling: Teller,
    *,
    but_at: Collection[str] = (),
) -> Settled:
    """Register ``residents`` in the network in ``folder``, under numbers drawn from ``seed``; ages go by the day ``on``.

    Parties in ``but_at`` are given nobody.


    Raises: whatever a call ends with when patience has run out; the most frequent reason when nobody was taken.
    """
    plan = make_registrations(residents, seed, on, agencies_in(NetworkDescription.load(folder), but_at))
    async with open_offices(folder) as offices:
        population = await populate(offices, plan, telling)
        refused = population.not_acquired
        if refused and not population.codes:
            where = "nobody was taken: whoever is registered already keeps their numbers; make up others with another --seed"
            raise WarifuError(Reason[max(refused, key=lambda reason: refused[reason])], where=where)
        written = write_population(folder, describe_population(plan, population, offices.network))
    return Settled(plan=plan, population=population, written=written)
