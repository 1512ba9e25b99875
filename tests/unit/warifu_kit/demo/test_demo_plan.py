"""Who is registered where, under which number, and whom the refusals are about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.agency import Agency
from warifu.identifiers import ItemCode
from warifu_kit.demo.agencies import KINDS as AGENCIES
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.people.residents import AS_OF, Application, applicants, generate
from warifu_services.agencies.childcare import ChildcareAgency
from warifu_services.agencies.insurance import InsuranceAgency
from warifu_services.agencies.residence import ResidenceAgency
from warifu_services.agencies.tax import TaxAgency

KINDS: dict[str, Agency] = {
    "residence": ResidenceAgency(),
    "tax": TaxAgency(),
    "childcare": ChildcareAgency(),
    "insurance": InsuranceAgency(),
}


def _plan(count: int = 60, seed: int = 3) -> Plan:
    return make_plan(generate(seed, count), seed, AS_OF)


def test_the_same_residents_and_seed_give_the_same_plan() -> None:
    assert _plan() == _plan()


def test_another_seed_gives_other_local_numbers_and_record_codes() -> None:
    people = generate(3, 60)
    one, other = make_plan(people, 3, AS_OF), make_plan(people, 4, AS_OF)
    assert set(one.record_codes).isdisjoint(other.record_codes)
    assert one.agencies["residence"].people != other.agencies["residence"].people


def test_every_local_number_is_one_agencys_and_one_persons() -> None:
    numbers = [each.local_number for agency in _plan().agencies.values() for each in agency.people.values()]
    assert len(numbers) == len(set(numbers))


def test_the_order_of_local_numbers_at_two_agencies_does_not_join_them() -> None:
    people = _plan(200).agencies
    common = people["residence"].people.keys() & people["insurance"].people.keys()
    orders = [
        sorted(common, key=lambda number: people[agency].people[number].local_number)
        for agency in ("residence", "insurance")
    ]
    assert orders[0] != orders[1]


def test_every_applicant_is_known_to_the_agency_that_asks_and_to_both_that_are_asked() -> None:
    plan = _plan(200)
    for procedure in plan.procedures:
        for case in procedure.cases:
            for agency in (case.agency, "residence", "tax"):
                assert case.resident.resident_number in plan.agencies[agency].people


def test_only_the_insured_are_registered_with_the_insurer() -> None:
    plan = _plan(200)
    insured = {resident.resident_number for resident in plan.residents if resident.insured}
    assert plan.agencies["insurance"].people.keys() == insured


@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_every_replica_is_one_its_agency_accepts(seed: int, count: int) -> None:
    plan = _plan(count, seed)
    assert set(plan.agencies) == set(AGENCIES)
    for agency in plan.agencies.values():
        for held in agency.people.values():
            KINDS[agency.agency].check_record(ItemCode(held.replica.item_code), held.replica.record)
            assert held.replica.local_number == held.local_number


@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_no_replica_holds_a_basic_item(seed: int, count: int) -> None:
    for agency in _plan(count, seed).agencies.values():
        for held in agency.people.values():
            person = held.resident
            for item in (person.name, person.kana, person.address):
                assert item.encode() not in held.replica.record


def test_where_nobody_has_a_child_somebody_asks_all_the_same() -> None:
    single = [replace(generate(1, 1)[0], insured=False)]
    assert applicants(single, Application.CHILD_ALLOWANCE) == []
    plan = make_plan(single, 1, AS_OF)
    assert plan.open_case.resident == plan.clerk_case.resident == single[0]
    assert 1 in plan.agencies["tax"].people
    assert all(not procedure.cases for procedure in plan.procedures)


def test_the_refusal_that_needs_a_clerk_is_about_a_protected_person_where_there_is_one() -> None:
    plan = _plan(2000, 7)
    assert plan.clerk_case.clerk_needed
    assert not plan.open_case.clerk_needed


def test_nobody_makes_no_plan() -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_plan([], 1, AS_OF)
