"""Dates of birth unknown in part in the demonstration: nothing is taken for known that is not, and it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from warifu.api.node.v1.node_service_pb2 import InquiryResult
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu_kit.demo.plan import Plan, make_plan
from warifu_kit.demo.procedures import decision_of
from warifu_kit.people.birth_date import BirthDate
from warifu_kit.people.households import CHILD
from warifu_kit.people.residents import AS_OF, Application, generate

HEAD = replace(generate(1, 1)[0], date_of_birth=BirthDate(1980), insured=False, income_yen=0, dependants=0)


def plan_with_a_child_born(*dates: BirthDate) -> Plan:
    children = [
        replace(HEAD, resident_number=number, relationship_to_head=CHILD, date_of_birth=born)
        for number, born in enumerate(dates, 2)
    ]
    return make_plan([HEAD, *children], 1, AS_OF)


def decided(plan: Plan) -> str:
    (case,) = plan.procedures[0].cases
    records = [plan.agencies[agency].people[1].replica.record for agency in ("residence", "tax")]
    return decision_of(Application.CHILD_ALLOWANCE, case, [InquiryResult(record=record) for record in records])


@pytest.mark.parametrize(
    ("born", "children", "decision"),
    [
        (BirthDate(2008, 5), 1, "10,000 yen a month"),
        (BirthDate(2024), 1, "15,000 yen a month"),
        (BirthDate(2008), 0, "0 yen a month (to confirm: a date of birth is unknown in part)"),
        (BirthDate(2008, 4), 0, "0 yen a month (to confirm: a date of birth is unknown in part)"),
        (BirthDate(2023), 1, "10,000 yen a month (to confirm: a date of birth is unknown in part)"),
    ],
)
def test_the_allowance_counts_children_that_surely_are_and_is_to_confirm_where_that_is_open(
    born: BirthDate, children: int, decision: str
) -> None:
    plan = plan_with_a_child_born(born)
    record = ResidentRecord.FromString(plan.agencies["residence"].people[1].replica.record)
    assert (record.household_size, record.household_children) == (2, children)
    assert decided(plan) == decision


def test_who_surely_has_no_child_does_not_apply() -> None:
    assert not plan_with_a_child_born(BirthDate(2007)).procedures[0].cases


def test_whoever_may_be_an_adult_applies_to_the_insurer_and_is_known_to_the_tax_office() -> None:
    youth = replace(HEAD, resident_number=2, relationship_to_head=CHILD, date_of_birth=BirthDate(2008), insured=True)
    plan = make_plan([HEAD, youth], 1, AS_OF)
    assert [case.resident for case in plan.procedures[1].cases] == [youth]
    assert 2 in plan.agencies["tax"].people
