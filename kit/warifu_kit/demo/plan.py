"""What the demonstration will do, decided before anything is started.

Decides who is registered at which agency under which local number, who applies for what, and whom the deliberate
refusals are about. Pure: the same residents and seed give the same plan. It holds everything about everybody, as the
people it stands for would together; nothing of it is given to any process of the network but what that agency may have.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from warifu.api.node.v1.node_service_pb2 import Replica
from warifu.identifiers import ItemCode, ProcedureCode, ResidentRecordCode
from warifu_kit.demo.records import birth_dates_leave_open, children_under_three, replica_of
from warifu_kit.people.residents import Application, Resident, applicants, households
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = ["AGENCIES", "AgencyPlan", "Case", "Plan", "ProcedurePlan", "Registration", "make_plan"]

AGENCIES = ("residence", "tax", "childcare", "insurance")
"""The agencies of the demonstration, in the order they are shown."""

_NUMBERS = 1_000_000
_CODE_BODIES = 10**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One person at one agency. ``replica`` holds the local number too."""

    resident: Resident
    local_number: str = field(repr=False)
    replica: Replica = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyPlan:
    """One agency's people, by resident number."""

    agency: str
    people: Mapping[int, Registration]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One application. ``children_under_three`` is what the form says; ``clerk_needed`` when an answer will wait.

    ``birth_date_open`` when a date of birth unknown in part leaves open how many children count, so that the office has
    to confirm what it decides.
    """

    resident: Resident
    local_number: str = field(repr=False)
    children_under_three: int = 0
    birth_date_open: bool = False

    @property
    def clerk_needed(self) -> bool:
        """Whether the offices asked answer about this person only after a clerk has looked."""
        return self.resident.auto_response_disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedurePlan:
    """One procedure: which agency asks whom for what, for which applicants."""

    application: Application
    name: str
    agency: str
    questions: tuple[tuple[str, ItemCode], ...]
    cases: tuple[Case, ...]

    @property
    def procedure_code(self) -> ProcedureCode:
        """The code in the permission table."""
        return self.application.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole demonstration. ``record_codes`` are in the order of ``residents``."""

    residents: tuple[Resident, ...]
    record_codes: tuple[ResidentRecordCode, ...]
    agencies: Mapping[str, AgencyPlan]
    procedures: tuple[ProcedurePlan, ...]
    open_case: Case
    clerk_case: Case


def make_plan(residents: Sequence[Resident], seed: int, on: datetime.date) -> Plan:
    """The plan for these residents, of whom there must be at least one. ``on`` is the day by which ages go.

    Raises: ValueError when there is nobody.
    """
    if not residents:
        raise ValueError("a demonstration needs at least one resident")
    rng = random.Random(seed)  # noqa: S311 - local numbers of made-up people
    bodies = rng.sample(range(_CODE_BODIES), len(residents))
    homes = households(residents)
    members = {r.resident_number: homes[r.municipality_code, r.household_number] for r in residents}
    agencies = {agency: _agency(agency, residents, members, rng, on) for agency in AGENCIES}
    procedures = (
        _procedure(
            Application.CHILD_ALLOWANCE, "Child allowance (児童手当)", "childcare", residents, agencies, members, on
        ),
        _procedure(
            Application.INSURANCE_BENEFIT,
            "Insurance benefit (健康保険給付)",
            "insurance",
            residents,
            agencies,
            members,
            on,
        ),
    )
    known = [_case(each, members, on) for each in agencies["childcare"].people.values()]
    return Plan(
        residents=tuple(residents),
        record_codes=tuple(ResidentRecordCode.from_body(f"{body:010d}") for body in bodies),
        agencies=agencies,
        procedures=procedures,
        open_case=_first(known, clerk_needed=False),
        clerk_case=_first(reversed(known), clerk_needed=True),
    )


def _agency(
    agency: str,
    residents: Sequence[Resident],
    members: Mapping[int, Sequence[Resident]],
    rng: random.Random,
    on: datetime.date,
) -> AgencyPlan:
    """An agency's people under local numbers drawn for this agency alone: no order in them tells who is who."""
    people = _people_of(agency, residents, on)
    numbers = rng.sample(range(1, max(_NUMBERS, 2 * len(people))), len(people))
    registered = {}
    for resident, number in zip(people, numbers, strict=True):
        local_number = f"{agency[0].upper()}-{number:06d}"
        replica = replica_of(agency, resident, members[resident.resident_number], on)
        replica.local_number = local_number
        registered[resident.resident_number] = Registration(
            resident=resident, local_number=local_number, replica=replica
        )
    return AgencyPlan(agency=agency, people=registered)


def _people_of(agency: str, residents: Sequence[Resident], on: datetime.date) -> list[Resident]:
    """Whom an agency holds by law: the registry everybody, the others those they deal with."""
    if agency == "residence":
        return list(residents)
    if agency == "insurance":
        return [resident for resident in residents if resident.insured]
    if agency == "tax":
        return [each for each in residents if each.may_be_adult(on) or each.head or each.income_yen > 0]
    families = applicants(residents, Application.CHILD_ALLOWANCE, on)
    # Where nobody has a child, somebody asks at the counter all the same: the deliberate refusals are about a person.
    return families or [next(resident for resident in residents if resident.head)]


def _procedure(
    application: Application,
    name: str,
    agency: str,
    residents: Sequence[Resident],
    agencies: Mapping[str, AgencyPlan],
    members: Mapping[int, Sequence[Resident]],
    on: datetime.date,
) -> ProcedurePlan:
    held = agencies[agency].people
    who = applicants(residents, application, on)
    return ProcedurePlan(
        application=application,
        name=name,
        agency=agency,
        questions=(("residence", RESIDENT_RECORD), ("tax", LOCAL_TAX)),
        cases=tuple(_case(held[resident.resident_number], members, on) for resident in who),
    )


def _case(held: Registration, members: Mapping[int, Sequence[Resident]], on: datetime.date) -> Case:
    household = members[held.resident.resident_number]
    return Case(
        resident=held.resident,
        local_number=held.local_number,
        children_under_three=children_under_three(household, on),
        birth_date_open=birth_dates_leave_open(household, on),
    )


def _first(cases: Iterable[Case], *, clerk_needed: bool) -> Case:
    """The first case of that kind; where there is none, the first of the others."""
    listed = list(cases)
    return next((case for case in listed if case.clerk_needed is clerk_needed), listed[0])
