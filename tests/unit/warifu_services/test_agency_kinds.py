"""The four kinds that come with warifu: what they provide, which records they take, how they decide."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from warifu.agency import Agency
from warifu.api.record.v1.child_allowance_record_pb2 import ChildAllowanceRecord
from warifu.api.record.v1.insurance_qualification_record_pb2 import InsuranceQualificationRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.errors import WarifuError
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE, ChildcareAgency, decide_child_allowance
from warifu_services.agencies.insurance import (
    INSURANCE_PROCEDURE,
    InsuranceAgency,
    LimitCategory,
    copayment_limit_category,
)
from warifu_services.agencies.residence import ResidenceAgency
from warifu_services.agencies.tax import TaxAgency

KINDS: list[Agency] = [ResidenceAgency(), TaxAgency(), ChildcareAgency(), InsuranceAgency()]
RESIDENT: dict[str, Any] = {
    "household_number": "1",
    "relationship_to_head": "世帯主",
    "household_size": 4,
    "household_children": 2,
    "became_resident_on": "2020-04-01",
}
TAX: dict[str, Any] = {
    "fiscal_year": 2026,
    "total_income_yen": 4_000_000,
    "taxable_income_yen": 2_500_000,
    "income_levy_yen": 250_000,
    "per_capita_levy_yen": 5_000,
}


@pytest.fixture(scope="module")
def table() -> Any:
    """The permission table as the hub ships it."""
    return YAML(typ="safe").load(resources.files("warifu.permissions").joinpath("permissions.yaml").read_text("utf-8"))


@pytest.mark.parametrize("agency", KINDS, ids=lambda agency: agency.kind)
def test_items_agree_with_the_permission_table(table: Any, agency: Agency) -> None:
    provided = {item["code"]: item["message"] for item in table["items"] if agency.kind in item["provided_by"]}
    assert {str(code): p.record_type.DESCRIPTOR.full_name for code, p in agency.provides.items()} == provided


def test_procedures_agree_with_the_permission_table(table: Any) -> None:
    inquirers = {
        str(procedure): {kind for row in table["rows"] if row["procedure"] == procedure for kind in row["inquirers"]}
        for procedure in (CHILD_ALLOWANCE_PROCEDURE, INSURANCE_PROCEDURE)
    }
    assert "childcare" in inquirers[str(CHILD_ALLOWANCE_PROCEDURE)]
    assert "insurance" in inquirers[str(INSURANCE_PROCEDURE)]


def test_no_record_has_a_field_for_a_basic_item() -> None:
    forbidden = ("name", "address", "birth", "sex", "gender", "my_number", "氏名")
    for agency in KINDS:
        for provided in agency.provides.values():
            fields = [field.name for field in provided.record_type.DESCRIPTOR.fields]
            assert not [field for field in fields for word in forbidden if word in field]


GOOD: list[tuple[Agency, Message]] = [
    (ResidenceAgency(), ResidentRecord(**RESIDENT)),
    (ResidenceAgency(), ResidentRecord(**RESIDENT, previous_municipality_code="011002")),
    (TaxAgency(), LocalTaxRecord(**TAX)),
    (TaxAgency(), LocalTaxRecord(fiscal_year=2026, total_income_yen=-100_000)),
    (ChildcareAgency(), ChildAllowanceRecord(children=2, monthly_amount_yen=20_000, paid_from_month="2026-07")),
    (ChildcareAgency(), ChildAllowanceRecord()),
    (InsuranceAgency(), InsuranceQualificationRecord(insured=True, qualified_on="2024-02-29")),
    (InsuranceAgency(), InsuranceQualificationRecord()),
]
BAD: list[tuple[Agency, Message, str]] = [
    (ResidenceAgency(), ResidentRecord(**{**RESIDENT, "household_size": 0}), "household_size"),
    (ResidenceAgency(), ResidentRecord(**{**RESIDENT, "household_children": 5}), "household_children"),
    (ResidenceAgency(), ResidentRecord(**{**RESIDENT, "became_resident_on": "2020-02-30"}), "became_resident_on"),
    (ResidenceAgency(), ResidentRecord(**{**RESIDENT, "became_resident_on": "20200401"}), "became_resident_on"),
    (ResidenceAgency(), ResidentRecord(**RESIDENT, previous_municipality_code="011003"), "previous_municipality_code"),
    (TaxAgency(), LocalTaxRecord(**{**TAX, "fiscal_year": 0}), "fiscal_year"),
    (TaxAgency(), LocalTaxRecord(**{**TAX, "taxable_income_yen": 5_000_000}), "taxable_income_yen"),
    (TaxAgency(), LocalTaxRecord(**{**TAX, "taxable_income_yen": -1}), "taxable_income_yen"),
    (TaxAgency(), LocalTaxRecord(**{**TAX, "income_levy_yen": -1}), "income_levy_yen"),
    (TaxAgency(), LocalTaxRecord(**{**TAX, "per_capita_levy_yen": -1}), "per_capita_levy_yen"),
    (ChildcareAgency(), ChildAllowanceRecord(monthly_amount_yen=-1), "monthly_amount_yen"),
    (ChildcareAgency(), ChildAllowanceRecord(paid_from_month="2026-13"), "paid_from_month"),
    (InsuranceAgency(), InsuranceQualificationRecord(insured=True), "qualified_on"),
    (InsuranceAgency(), InsuranceQualificationRecord(qualified_on="2024-02-29"), "qualified_on"),
    (InsuranceAgency(), InsuranceQualificationRecord(insured=True, qualified_on="2023-02-29"), "qualified_on"),
]


@pytest.mark.parametrize(("agency", "record"), GOOD)
def test_a_record_that_can_be_is_taken(agency: Agency, record: Message) -> None:
    (item,) = agency.provides
    agency.check_record(item, record.SerializeToString())


@pytest.mark.parametrize(("agency", "record", "field"), BAD)
def test_a_record_that_cannot_be_is_refused_at_its_field(agency: Agency, record: Message, field: str) -> None:
    (item,) = agency.provides
    with pytest.raises(WarifuError) as refused:
        agency.check_record(item, record.SerializeToString(), "record")
    assert refused.value.where == f"record.{field}"


@pytest.mark.parametrize(
    ("children", "small", "yen"),
    [(0, 0, 0), (1, 0, 10_000), (1, 1, 15_000), (2, 1, 25_000), (3, 0, 50_000), (3, 1, 50_000), (3, 3, 60_000)],
)
def test_the_child_allowance_follows_the_rule_of_october_2024(children: int, small: int, yen: int) -> None:
    resident = ResidentRecord(household_size=children + 2, household_children=children)
    decision = decide_child_allowance(resident, LocalTaxRecord(**TAX), children_under_three=small)
    assert (decision.children, decision.monthly_amount_yen) == (children, yen)


@given(income=st.integers(1, 10**9), children=st.integers(0, 12))
def test_income_no_longer_changes_the_child_allowance(income: int, children: int) -> None:
    resident = ResidentRecord(household_size=children + 1, household_children=children)
    poor = decide_child_allowance(resident, LocalTaxRecord(total_income_yen=1))
    assert decide_child_allowance(resident, LocalTaxRecord(total_income_yen=income)) == poor


@pytest.mark.parametrize(
    ("size", "children", "income", "confirm"), [(4, 2, 0, True), (3, 2, 0, False), (4, 2, 1, False), (4, 0, 0, False)]
)
def test_who_is_to_be_paid_is_asked_when_another_adult_may_provide(
    size: int, children: int, income: int, confirm: bool
) -> None:
    resident = ResidentRecord(household_size=size, household_children=children)
    assert decide_child_allowance(resident, LocalTaxRecord(total_income_yen=income)).recipient_to_confirm is confirm


def test_more_small_children_than_children_is_a_mistake_of_the_office() -> None:
    with pytest.raises(ValueError, match="children_under_three"):
        decide_child_allowance(ResidentRecord(household_children=1), LocalTaxRecord(), children_under_three=2)


@pytest.mark.parametrize(
    ("income", "category"),
    [
        (9_440_001, LimitCategory.A),
        (9_440_000, LimitCategory.B),
        (6_430_001, LimitCategory.B),
        (6_430_000, LimitCategory.C),
        (2_530_001, LimitCategory.C),
        (2_530_000, LimitCategory.D),
        (0, LimitCategory.D),
    ],
)
def test_the_copayment_category_changes_at_each_threshold(income: int, category: LimitCategory) -> None:
    tax = LocalTaxRecord(total_income_yen=income, per_capita_levy_yen=5_000)
    assert copayment_limit_category(ResidentRecord(household_size=1), tax).category is category


def test_whoever_pays_no_resident_tax_is_in_the_lowest_category() -> None:
    decision = copayment_limit_category(ResidentRecord(household_size=1), LocalTaxRecord(total_income_yen=400_000))
    assert decision.category is LimitCategory.E
    assert not decision.household_to_confirm


def test_other_adults_incomes_are_to_be_confirmed() -> None:
    resident = ResidentRecord(household_size=3, household_children=1)
    assert copayment_limit_category(resident, LocalTaxRecord(**TAX)).household_to_confirm
