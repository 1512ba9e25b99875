"""At which of several agencies of one kind a person is, and what that makes of the plan."""

from __future__ import annotations

import json
from collections import Counter
from typing import cast

import pytest

from warifu.client import NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu.permissions.table import PermissionTable
from warifu_kit.demo.agencies import KINDS, ONE_OF_EACH, DemoAgency, agencies_of, homes, of_kind
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.population import Population
from warifu_kit.demo.registrations import make_registrations
from warifu_kit.network.creation import DEFAULT_MEMBERS
from warifu_kit.network.members import load_members
from warifu_kit.people.residents import AS_OF, Resident, generate, generate_in
from warifu_kit.settled import describe_population

TAKAMATSU, MARUGAME = MunicipalityCode("372013"), MunicipalityCode("372021")


def agencies(name: str) -> tuple[DemoAgency, ...]:
    return agencies_of(load_members(name, PermissionTable.load().kinds).members)


@pytest.fixture(scope="module", params=["two-of-each", "prefecture"])
def plan(request: pytest.FixtureRequest) -> Plan:
    listed = agencies(request.param)
    return make_plan(generate_in(7, 600, homes(listed)), 7, AS_OF, listed)


def test_the_only_agency_of_its_kind_has_everybody_wherever_they_live() -> None:
    (party,) = {plan.agency for plan in make_plan(generate(3, 40), 3, AS_OF, ONE_OF_EACH).of_kind("residence")}
    assert party == "residence"
    assert homes(agencies_of(DEFAULT_MEMBERS)) == ()
    assert [each.party for each in agencies_of(DEFAULT_MEMBERS)] == list(KINDS)


def test_everybody_is_at_one_registry_that_of_their_home(plan: Plan) -> None:
    counted = Counter(number for each in plan.of_kind("residence") for number in each.people)
    assert counted == dict.fromkeys((resident.resident_number for resident in plan.residents), 1)
    for each in plan.of_kind("residence"):
        assert len({held.resident.municipality_code for held in each.people.values()}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_at_two_agencies_of_a_kind_and_every_agency_has_people(plan: Plan, kind: str) -> None:
    counted = Counter(number for each in plan.of_kind(kind) for number in each.people)
    assert set(counted.values()) == {1}
    assert all(each.people for each in plan.of_kind(kind))


def test_insurers_have_people_from_everywhere(plan: Plan) -> None:
    everywhere = {resident.municipality_code for resident in plan.residents}
    for each in plan.of_kind("insurance"):
        assert {held.resident.municipality_code for held in each.people.values()} == everywhere


def test_a_household_is_at_one_agency_of_a_kind(plan: Plan) -> None:
    at: dict[tuple[str, int], set[str]] = {}
    for each in plan.of_kind("insurance"):
        for held in each.people.values():
            at.setdefault((held.resident.municipality_code, held.resident.household_number), set()).add(each.agency)
    assert {len(parties) for parties in at.values()} == {1}


def test_every_applicant_asks_where_they_are_registered(plan: Plan) -> None:
    for procedure in plan.procedures:
        assert {case.agency for case in procedure.cases} == set(procedure.agencies)
        for case in procedure.cases:
            for party in (case.agency, case.registry, case.tax_office):
                assert case.resident.resident_number in plan.agencies[party].people
            assert [provider for provider, _ in case.questions] == [case.registry, case.tax_office]
            assert set(case.questions) <= set(procedure.providers)


def test_an_office_for_a_prefectures_own_staff_has_some_families_from_several_places() -> None:
    listed = agencies("prefecture")
    plan = make_plan(generate_in(7, 1200, homes(listed)), 7, AS_OF, listed)
    staff = plan.agencies["childcare-kagawa"].people
    assert len({held.resident.municipality_code for held in staff.values()}) > 3
    assert len(staff) < sum(len(each.people) for each in plan.of_kind("childcare")) / 3


def test_the_same_residents_and_seed_are_at_the_same_agencies(plan: Plan) -> None:
    listed = tuple(DemoAgency(party=each.agency, kind=each.kind) for each in plan.agencies.values())
    again = [make_plan(plan.residents, 7, AS_OF, listed) for _ in range(2)]
    assert again[0] == again[1]


def test_people_whom_no_registry_serves_are_refused_by_their_municipality() -> None:
    with pytest.raises(WarifuError) as refused:
        make_plan(generate(3, 20, MunicipalityCode("131016")), 3, AS_OF, agencies("two-of-each"))
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert refused.value.where == (
        "no residence agency of the network serves residents of 131016; the only residence agency of a network serves everybody"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_people_need_an_agency_of_each_kind(kind: str) -> None:
    with pytest.raises(WarifuError) as refused:
        make_plan(generate(3, 20), 3, AS_OF, [each for each in ONE_OF_EACH if each.kind != kind])
    assert refused.value.where.endswith(f"there is none of {kind}")


@pytest.mark.parametrize("without", [each for each in KINDS if each != "residence"])
def test_to_be_registered_people_need_a_registry_and_are_nowhere_but_where_there_is_an_agency(without: str) -> None:
    listed = [each for each in ONE_OF_EACH if each.kind != without]
    made = make_registrations(generate(3, 20), 3, AS_OF, listed)
    assert set(made.agencies) == {each.party for each in listed}
    whole = make_plan(generate(3, 20), 3, AS_OF, ONE_OF_EACH)
    assert made.agencies["residence"].people == whole.agencies["residence"].people
    assert all(procedure.kind != without for procedure in made.procedures)
    asked = {party for each in made.procedures for case in each.cases for party, _ in case.questions}
    assert asked <= set(made.agencies)
    assert "residence" in asked


def test_a_registry_alone_has_everybody_and_nobody_asks() -> None:
    made = make_registrations(generate(3, 20), 3, AS_OF, [DemoAgency(party="town", kind="residence")])
    assert len(made.agencies["town"].people) == 20
    assert made.procedures == ()


def test_without_a_registry_nobody_is_registered() -> None:
    with pytest.raises(WarifuError) as refused:
        make_registrations(generate(3, 20), 3, AS_OF, [DemoAgency(party="tax", kind="tax")])
    assert refused.value.where == "made-up people need an agency of kind residence; there is none of residence"


def test_people_live_in_the_municipalities_of_several_registries() -> None:
    assert homes(agencies("two-of-each")) == (TAKAMATSU, MARUGAME)
    people = generate_in(7, 61, (TAKAMATSU, MARUGAME))
    assert Counter(each.municipality_code for each in people) == {TAKAMATSU: 31, MARUGAME: 30}
    assert [each.resident_number for each in people] == list(range(1, 62))


def test_where_one_registry_has_everybody_people_live_where_the_tax_offices_are() -> None:
    offices = [DemoAgency(party=place, kind="tax", area=place) for place in (TAKAMATSU, MARUGAME)]
    listed = [DemoAgency(party="town", kind="residence", area=MARUGAME), *offices]
    assert homes(listed) == (TAKAMATSU, MARUGAME)
    made = make_registrations(generate_in(3, 20, homes(listed)), 3, AS_OF, listed)
    assert len(made.agencies["town"].people) == 20
    assert all(made.agencies[office.party].people for office in offices)


def test_other_people_live_in_each_municipality() -> None:
    def names(people: list[Resident], place: str) -> list[str]:
        return [each.name for each in people if each.municipality_code == place]

    people = generate_in(7, 60, (TAKAMATSU, MARUGAME))
    assert names(people, TAKAMATSU) != names(people, MARUGAME)
    assert generate_in(7, 60, ()) == generate(7, 60)


def test_a_registry_of_a_prefecture_or_a_city_with_wards_has_people_where_people_live() -> None:
    areas = [MunicipalityCode("370002"), MunicipalityCode("011002")]
    found = homes([DemoAgency(party=area, kind="residence", area=area) for area in areas])
    assert found == (TAKAMATSU, "011011")


def test_what_is_written_of_a_population_says_who_is_where_and_about_whom_each_office_asks_whom(plan: Plan) -> None:
    numbers = {each.resident_number: f"{each.resident_number:012d}" for each in plan.residents}
    population = Population(my_numbers=numbers, codes=0, replicas=0, not_acquired={})
    told = json.loads(json.dumps(describe_population(plan, population, cast("NetworkDescription", _Codes()))))
    assert len(told["residents"]) == len(plan.residents)
    for about in told["residents"]:
        for party, local_number in about["local_numbers"].items():
            held = {"local_number": local_number, "my_number": about["my_number"]}
            assert held in told["agencies"][party]["people"]
    for party, office in told["offices"].items():
        assert {question["provider"] for question in office["questions"]} == set(office["applicants_at"])
        for provider, asked in office["applicants_at"].items():
            there = {each["my_number"] for each in told["agencies"][provider]["people"]}
            mine = {each["local_number"]: each["my_number"] for each in told["agencies"][party]["people"]}
            assert {mine[local_number] for local_number in asked} <= there


class _Codes:
    """Stands in for a network: only institution codes are asked of it."""

    def institution(self, party: str) -> str:
        return f"code of {party}"


def test_of_kind_keeps_the_order_of_the_network() -> None:
    assert [each.party for each in of_kind(agencies("two-of-each"), "tax")] == ["tax-takamatsu", "tax-marugame"]
