"""What the demonstration will do, decided before anything is started.

Decides, beyond who is registered where, whom the deliberate refusals are about. Pure: the same residents and seed give the
same plan.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warifu_kit.demo.agencies import KINDS, ONE_OF_EACH, DemoAgency, check_kinds
from warifu_kit.demo.registrations import Case, Registrations, make_registrations
from warifu_kit.people.residents import Resident

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Registrations):
    """The whole demonstration: about ``open_case`` anybody answers at once, about ``clerk_case`` once a clerk has looked."""

    open_case: Case
    clerk_case: Case


def make_plan(
    residents: Sequence[Resident], seed: int, on: datetime.date, agencies: Sequence[DemoAgency] = ONE_OF_EACH
) -> Plan:
    """The plan for these residents, of whom there must be at least one. ``on`` is the day by which ages go.

    Raises: ValueError when there is nobody; CONFIG_INVALID when ``agencies`` are not at least one of each kind, or no
        registry, or no tax office, serves a place where somebody lives.
    """
    check_kinds(agencies, KINDS)
    made = make_registrations(residents, seed, on, agencies)
    return Plan(
        residents=made.residents,
        record_codes=made.record_codes,
        agencies=made.agencies,
        procedures=made.procedures,
        families=made.families,
        open_case=_first(made.families, clerk_needed=False),
        clerk_case=_first(reversed(made.families), clerk_needed=True),
    )


def _first(cases: Iterable[Case], *, clerk_needed: bool) -> Case:
    """The first case of that kind; where there is none, the first of the others."""
    listed = list(cases)
    return next((case for case in listed if case.clerk_needed is clerk_needed), listed[0])
