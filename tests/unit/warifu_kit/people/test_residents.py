"""Made-up residents: the same for a seed, living in households that hang together, and silent about themselves."""

from __future__ import annotations

import datetime
import hashlib
import random
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.identifiers import MunicipalityCode
from warifu.permissions.table import PermissionTable
from warifu_kit.people.birth_date import BirthDate
from warifu_kit.people.households import CHILD, HEAD, draw_household, pick
from warifu_kit.people.municipalities import municipalities, places_to_live
from warifu_kit.people.residents import AS_OF, Application, Resident, Sex, applicants, generate, households

CHIYODA = MunicipalityCode("131016")
PEOPLE = generate(7, 2000, CHIYODA)


def age(resident: Resident) -> int:
    """The age on the day of the population, of somebody whose day of birth is known."""
    least, most = resident.date_of_birth.ages(AS_OF)
    assert least == most
    return least


def as_text(residents: list[Resident]) -> str:
    return "\n".join("|".join(str(getattr(r, field.name)) for field in fields(r)) for r in residents)


def born(day: str) -> Resident:
    return replace(PEOPLE[0], date_of_birth=BirthDate.parse(day))


def test_a_seed_gives_the_same_people_on_every_python() -> None:
    digest = hashlib.sha256(as_text(generate(7, 200, CHIYODA)).encode()).hexdigest()
    assert digest == "c6a166c886f7594f67f894a494efdf1d27e7ffbb0fdc9863b8e86cbebc94ce4d"


@given(st.integers(0, 2**40), st.integers(0, 60))
def test_the_same_arguments_give_the_same_people(seed: int, count: int) -> None:
    people = generate(seed, count)
    assert people == generate(seed, count)
    assert [resident.resident_number for resident in people] == list(range(1, count + 1))


@given(st.integers(0, 2**40), st.integers(1, 40), st.integers(1, 40))
def test_a_larger_count_adds_people_after_all_but_the_last_household(seed: int, count: int, more: int) -> None:
    fewer, larger = generate(seed, count, CHIYODA), generate(seed, count + more, CHIYODA)
    last = fewer[-1].household_number
    kept = [resident for resident in fewer if resident.household_number != last]
    assert larger[: len(kept)] == kept


def test_another_seed_gives_other_people() -> None:
    assert generate(7, 50, CHIYODA) != generate(8, 50, CHIYODA)


def test_the_municipality_is_the_one_asked_for_or_else_one_drawn_from_the_seed() -> None:
    assert {resident.municipality_code for resident in PEOPLE} == {CHIYODA}
    drawn = {generate(seed, 1)[0].municipality_code for seed in range(50)}
    assert len(drawn) > 25
    assert drawn <= {place.municipality_code for place in places_to_live()}


@pytest.mark.parametrize(("seed", "count", "code"), [(-1, 1, None), (1, -1, None), (1, 1, MunicipalityCode("010006"))])
def test_a_population_that_cannot_be_is_refused(seed: int, count: int, code: MunicipalityCode | None) -> None:
    with pytest.raises(ValueError, match=r"0 or more|no municipality"):
        generate(seed, count, code)


def test_a_resident_shows_only_a_number() -> None:
    resident = PEOPLE[0]
    for shown in (repr(resident), str(resident), f"{resident}", f"{[resident]}"):
        assert "Resident(1, …)" in shown
        assert resident.name not in shown
        assert resident.address not in shown


def test_every_household_has_one_head_one_address_and_one_surname() -> None:
    for members in households(PEOPLE).values():
        assert [member.relationship_to_head for member in members].count(HEAD) == 1
        assert members[0].head
        assert len({member.address for member in members}) == 1
        assert len({member.name.split()[0] for member in members}) == 1
        assert len({member.name for member in members}) == len(members)


def test_parents_are_older_than_their_children() -> None:
    for members in households(PEOPLE).values():
        for child in (member for member in members if member.relationship_to_head == CHILD):
            assert age(child) <= age(members[0]) - 18


def test_households_look_like_japans() -> None:
    found = households(PEOPLE)
    assert 1.9 < len(PEOPLE) / len(found) < 2.7
    assert 0.28 < sum(len(members) == 1 for members in found.values()) / len(found) < 0.48
    assert 0.10 < sum(age(resident) < 18 for resident in PEOPLE) / len(PEOPLE) < 0.30
    assert {resident.sex for resident in PEOPLE} == {Sex.MALE, Sex.FEMALE}
    assert 0.4 < sum(resident.insured for resident in PEOPLE) / len(PEOPLE) < 0.8


def test_nobody_is_insured_with_a_health_insurer_from_75_on() -> None:
    assert not [resident for resident in PEOPLE if resident.insured and age(resident) >= 75]


def test_nobody_became_a_resident_before_birth_and_who_moved_in_came_from_somewhere_else() -> None:
    for resident in PEOPLE:
        assert resident.date_of_birth.earliest <= resident.became_resident_on <= AS_OF
        born_here = resident.became_resident_on == resident.date_of_birth.earliest
        assert born_here == (resident.previous_municipality_code is None)
        assert resident.previous_municipality_code != CHIYODA
        assert resident.previous_municipality_code is None or resident.previous_municipality_code in municipalities()


def test_dependants_are_counted_once_in_a_household_and_earn_little() -> None:
    for members in households(PEOPLE).values():
        counting = [member for member in members if member.dependants]
        assert len(counting) <= 1
        if counting:
            others = [member for member in members if member is not counting[0]]
            assert counting[0].dependants == sum(member.income_yen <= 480_000 for member in others)
            assert counting[0].income_yen == max(member.income_yen for member in members)


def test_amounts_hang_together() -> None:
    for resident in PEOPLE:
        assert 0 <= resident.taxable_income_yen <= resident.income_yen
        assert resident.resident_tax_yen == resident.tax.income_levy_yen + resident.tax.per_capita_levy_yen
        assert not (resident.insured_as_dependant and resident.head)


def test_the_three_flags_are_rare_and_go_by_household() -> None:
    people = generate(3, 4000, CHIYODA)
    flagged = [r for r in people if r.auto_response_disabled]
    assert 0 < len(flagged) < len(people) / 50
    assert all(r.non_disclosure and r.self_info_blocked for r in flagged)


def test_age_counts_completed_years() -> None:
    leap = BirthDate.parse("2004-02-29")
    ages = [leap.ages(datetime.date(2026, month, day)) for month, day in [(2, 28), (3, 1)]]
    assert ages == [(21, 21), (22, 22)]


@pytest.mark.parametrize(
    ("birth", "day", "child"),
    [
        ("2008-04-02", "2026-04-01", True),
        ("2008-04-01", "2026-03-31", True),
        ("2008-04-01", "2026-04-01", False),
        ("2008-04-02", "2027-03-31", True),
        ("2008-04-02", "2027-04-01", False),
        ("2026-03-31", "2026-04-01", True),
    ],
)
def test_a_child_is_one_until_the_march_after_reaching_18(birth: str, day: str, child: bool) -> None:
    assert born(birth).is_child(datetime.date.fromisoformat(day)) is child


@pytest.mark.parametrize(
    ("birth", "child", "may_be_child", "adult", "may_be_adult", "small", "may_be_small"),
    [
        ("1945-00-00", False, False, True, True, False, False),
        ("2008-00-00", False, True, False, True, False, False),
        ("2008-04-00", False, True, False, True, False, False),
        ("2008-03-00", False, False, True, True, False, False),
        ("2008-05-00", True, True, False, False, False, False),
        ("2023-00-00", True, True, False, False, False, True),
        ("2023-03-00", True, True, False, False, False, False),
        ("2023-04-00", True, True, False, False, False, True),
        ("2024-00-00", True, True, False, False, True, True),
    ],
)
def test_of_a_date_unknown_in_part_only_what_surely_follows_is_taken(
    birth: str, child: bool, may_be_child: bool, adult: bool, may_be_adult: bool, small: bool, may_be_small: bool
) -> None:
    person = born(birth)
    assert (person.is_child(AS_OF), person.may_be_child(AS_OF)) == (child, may_be_child)
    assert (person.is_adult(AS_OF), person.may_be_adult(AS_OF)) == (adult, may_be_adult)
    assert (person.is_under_three(AS_OF), person.may_be_under_three(AS_OF)) == (small, may_be_small)


def test_those_apply_whose_date_of_birth_leaves_open_whether_they_may() -> None:
    head = replace(born("1980-05-06"), insured=False)
    youth = replace(born("2008-00-00"), resident_number=2, relationship_to_head=CHILD, insured=True)
    assert applicants([head, youth], Application.CHILD_ALLOWANCE) == [head]
    assert applicants([head, youth], Application.INSURANCE_BENEFIT) == [youth]


def test_heads_of_households_with_a_child_apply_for_the_child_allowance() -> None:
    found = applicants(PEOPLE, Application.CHILD_ALLOWANCE)
    by_household = households(PEOPLE)
    assert 0 < len(found) < len(by_household)
    for members in by_household.values():
        assert any(member.is_child(AS_OF) for member in members) == (members[0] in found)
    assert all(resident.head for resident in found)


def test_insured_adults_apply_for_the_insurance_benefit() -> None:
    found = applicants(PEOPLE, Application.INSURANCE_BENEFIT)
    assert found == [r for r in PEOPLE if r.insured and age(r) >= 18]
    assert found


def test_both_applications_are_procedures_of_the_permission_table() -> None:
    procedures = PermissionTable.load().procedures
    assert procedures[Application.CHILD_ALLOWANCE.value].english == "child allowance"
    assert procedures[Application.INSURANCE_BENEFIT.value].english == "health insurance benefits"


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(1, 9), st.integers()), min_size=1, max_size=5))
def test_a_pick_is_one_of_the_values(seed: int, weighted: list[tuple[int, int]]) -> None:
    assert pick(random.Random(seed), weighted) in [value for _, value in weighted]


@given(st.integers(0, 2**32))
def test_a_drawn_household_starts_with_its_head(seed: int) -> None:
    members = draw_household(random.Random(seed))
    assert [member.relationship == HEAD for member in members] == [True] + [False] * (len(members) - 1)
    assert all(0 <= member.age <= 99 and member.income_yen >= 0 for member in members)
