"""Who is registered at which agency of a network under which local number, decided before anybody is asked.

Decides also which offices then ask whom about which of these people. A registry is all it takes: where there is no agency
of another kind, nobody is registered there and nobody is asked there. Pure: the same residents and seed give the same
registrations. They hold everything about everybody, as the people they stand for would together; nothing of it is given to
any process of the network but what that agency may have.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from warifu.api.node.v1.node_service_pb2 import Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode, ProcedureCode, ResidentRecordCode
from warifu_kit.demo.agencies import KINDS, ONE_OF_EACH, DemoAgency, agency_of, check_kinds, of_kind
from warifu_kit.demo.records import birth_dates_leave_open, children_under_three, replica_of
from warifu_kit.people.residents import Application, Resident, applicants, households
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = ["AgencyPlan", "Case", "ProcedurePlan", "Registration", "Registrations", "make_registrations"]

_ASKED = (("residence", RESIDENT_RECORD), ("tax", LOCAL_TAX))
"""Which kinds of agency are asked about an applicant, and for what."""

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
    """One agency's people, by resident number. ``agency`` is its party's name."""

    agency: str
    kind: str
    people: Mapping[int, Registration]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One application at ``agency``. ``children_under_three`` is what the form says.

    ``at`` has, for each kind of agency that is asked and that there is, the one that has the applicant; all by party.
    ``birth_date_open`` when a date of birth unknown in part leaves open how many children count, so that the office has
    to confirm what it decides.
    """

    resident: Resident
    agency: str
    at: Mapping[str, str]
    local_number: str = field(repr=False)
    children_under_three: int = 0
    birth_date_open: bool = False

    @property
    def clerk_needed(self) -> bool:
        """Whether the offices asked answer about this person only after a clerk has looked."""
        return self.resident.auto_response_disabled

    @property
    def questions(self) -> tuple[tuple[str, ItemCode], ...]:
        """Whom the agency asks about the applicant, and for what."""
        return tuple((self.at[kind], item) for kind, item in _ASKED if kind in self.at)

    @property
    def registry(self) -> str:
        """The registry that has the applicant."""
        return self.at["residence"]

    @property
    def tax_office(self) -> str:
        """The tax office that has the applicant, in a network that has one."""
        return self.at["tax"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedurePlan:
    """One procedure: which agencies of one ``kind`` ask, for which applicants, and who can be asked for what."""

    application: Application
    name: str
    kind: str
    agencies: tuple[str, ...]
    providers: tuple[tuple[str, ItemCode], ...]
    cases: tuple[Case, ...]

    @property
    def procedure_code(self) -> ProcedureCode:
        """The code in the permission table."""
        return self.application.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """Everybody, everywhere. ``record_codes`` are in the order of ``residents``, ``agencies`` by party.

    ``families`` has a case for each person whom a childcare office has, applicant or not.
    """

    residents: tuple[Resident, ...]
    record_codes: tuple[ResidentRecordCode, ...]
    agencies: Mapping[str, AgencyPlan]
    procedures: tuple[ProcedurePlan, ...]
    families: tuple[Case, ...]

    def registered(self) -> dict[str, list[tuple[int, ResidentRecordCode]]]:
        """Each registry's residents, by number and resident record code, in the order of ``residents``."""
        found: dict[str, list[tuple[int, ResidentRecordCode]]] = {}
        at = {number: plan.agency for plan in self.of_kind("residence") for number in plan.people}
        for resident, code in zip(self.residents, self.record_codes, strict=True):
            found.setdefault(at[resident.resident_number], []).append((resident.resident_number, code))
        return found

    def of_kind(self, kind: str) -> list[AgencyPlan]:
        """The agencies of one kind, in the order of the network."""
        return [plan for plan in self.agencies.values() if plan.kind == kind]


_PROCEDURES = (
    (Application.CHILD_ALLOWANCE, "Child allowance (児童手当)", "childcare"),
    (Application.INSURANCE_BENEFIT, "Insurance benefit (健康保険給付)", "insurance"),
)


def make_registrations(
    residents: Sequence[Resident], seed: int, on: datetime.date, agencies: Sequence[DemoAgency] = ONE_OF_EACH
) -> Registrations:
    """The registrations of these residents, of whom there must be at least one. ``on`` is the day by which ages go.

    Raises: ValueError when there is nobody; CONFIG_INVALID when ``agencies`` have no registry, or no registry, or none of several tax offices, serves a
        place where somebody lives.
    """
    if not residents:
        raise ValueError("at least one resident is needed")
    check_kinds(agencies, ("residence",))
    return _Registrar(residents, seed, on, agencies).registrations()


class _Registrar:
    """Makes the registrations; lives for the length of :func:`make_registrations`."""

    def __init__(
        self, residents: Sequence[Resident], seed: int, on: datetime.date, agencies: Sequence[DemoAgency]
    ) -> None:
        self._residents = residents
        self._seed = seed
        self._on = on
        self._agencies = agencies
        self._rng = random.Random(seed)  # noqa: S311 - local numbers of made-up people
        homes = households(residents)
        self._members = {r.resident_number: homes[r.municipality_code, r.household_number] for r in residents}
        kinds = [kind for kind, _ in _ASKED if of_kind(agencies, kind)]
        self._found = {kind: self._at(kind, residents) for kind in kinds}

    def registrations(self) -> Registrations:
        bodies = self._rng.sample(range(_CODE_BODIES), len(self._residents))
        agencies = {agency.party: plan for kind in KINDS for agency, plan in self._of_kind(kind)}
        procedures = (self._procedure(*each, agencies) for each in _PROCEDURES)
        return Registrations(
            residents=tuple(self._residents),
            record_codes=tuple(ResidentRecordCode.from_body(f"{body:010d}") for body in bodies),
            agencies=agencies,
            procedures=tuple(each for each in procedures if each.agencies),
            families=tuple(
                self._case(plan.agency, each)
                for plan in agencies.values()
                if plan.kind == "childcare"
                for each in plan.people.values()
            ),
        )

    def _at(self, kind: str, people: Iterable[Resident]) -> dict[int, str]:
        """The agency of a kind that everybody must be at, by resident number. Raises: CONFIG_INVALID."""
        serving = of_kind(self._agencies, kind)
        found = {each.resident_number: agency_of(serving, each, self._seed) for each in people}
        homeless = {each.municipality_code for each in people if found[each.resident_number] is None}
        if homeless:
            where = f"no {kind} agency of the network serves residents of {', '.join(sorted(homeless))}; the only {kind} agency of a network serves everybody"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        return {number: agency.party for number, agency in found.items() if agency is not None}

    def _of_kind(self, kind: str) -> Iterator[tuple[DemoAgency, AgencyPlan]]:
        serving = of_kind(self._agencies, kind)
        if not serving:
            return
        people: dict[str, list[Resident]] = {agency.party: [] for agency in serving}
        for resident in _people_of(kind, self._residents, self._on):
            agency = agency_of(serving, resident, self._seed)
            if agency is not None:
                people[agency.party].append(resident)
        for agency in serving:
            yield agency, self._agency(agency, people[agency.party])

    def _agency(self, agency: DemoAgency, people: Sequence[Resident]) -> AgencyPlan:
        """An agency's people under local numbers drawn for this agency alone: no order in them tells who is who."""
        numbers = self._rng.sample(range(1, max(_NUMBERS, 2 * len(people))), len(people))
        registered = {}
        for resident, number in zip(people, numbers, strict=True):
            local_number = f"{agency.kind[0].upper()}-{number:06d}"
            replica = replica_of(agency.kind, resident, self._members[resident.resident_number], self._on)
            replica.local_number = local_number
            registered[resident.resident_number] = Registration(
                resident=resident, local_number=local_number, replica=replica
            )
        return AgencyPlan(agency=agency.party, kind=agency.kind, people=registered)

    def _procedure(
        self, application: Application, name: str, kind: str, agencies: Mapping[str, AgencyPlan]
    ) -> ProcedurePlan:
        asking = [plan for plan in agencies.values() if plan.kind == kind]
        at = {number: plan for plan in asking for number in plan.people}
        who = [each.resident_number for each in applicants(self._residents, application, self._on)]
        cases = [self._case(at[number].agency, at[number].people[number]) for number in who if number in at]
        return ProcedurePlan(
            application=application,
            name=name,
            kind=kind,
            agencies=tuple(plan.agency for plan in asking),
            providers=tuple(
                (plan.agency, item) for provider, item in _ASKED for plan in agencies.values() if plan.kind == provider
            ),
            cases=tuple(cases),
        )

    def _case(self, agency: str, held: Registration) -> Case:
        number = held.resident.resident_number
        return Case(
            resident=held.resident,
            agency=agency,
            at={kind: at[number] for kind, at in self._found.items()},
            local_number=held.local_number,
            children_under_three=children_under_three(self._members[number], self._on),
            birth_date_open=birth_dates_leave_open(self._members[number], self._on),
        )


def _people_of(kind: str, residents: Sequence[Resident], on: datetime.date) -> list[Resident]:
    """Whom agencies of a kind hold by law: registries everybody, the others those they deal with."""
    if kind == "residence":
        return list(residents)
    if kind == "insurance":
        return [resident for resident in residents if resident.insured]
    if kind == "tax":
        return [each for each in residents if each.may_be_adult(on) or each.head or each.income_yen > 0]
    families = applicants(residents, Application.CHILD_ALLOWANCE, on)
    # Where nobody has a child, somebody asks at the counter all the same: the deliberate refusals are about a person.
    return families or [next(resident for resident in residents if resident.head)]
