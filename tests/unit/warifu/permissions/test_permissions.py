"""The permission table as it ships: what it permits, what it refuses, and what it says of its own foundations."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, MunicipalityCode, ProcedureCode
from warifu.permissions.table import DEFAULT_TABLE, Evidence, PermissionQuery, PermissionTable

LOCAL_TAX = ItemCode("TM00000000000002")
ACCOUNT = ItemCode("TM00000000000089")
RESIDENT = ItemCode("TM99000000000001")
CHILD_ALLOWANCE = ItemCode("TM99000000000002")
QUALIFICATION = ItemCode("TM99000000000003")
DISABILITY = ItemCode("TM99000000000008")

FOR_CHILD_ALLOWANCE = ProcedureCode("JT99000000000001")
FOR_INSURANCE_BENEFIT = ProcedureCode("JT99000000000004")
FOR_NATIONAL_HEALTH_INSURANCE = ProcedureCode("JT99000000000005")
FOR_PUBLIC_HOUSING = ProcedureCode("JT99000000000007")
FOR_BENEFIT_BY_TAX = ProcedureCode("JT01010000000214")
FOR_BENEFIT_ACCOUNT = ProcedureCode("JT01010000000001")
FOR_CHILD_MEDICAL_SUBSIDY = ProcedureCode("JT99000000000101")

TABLE = PermissionTable.load()


def ask(
    inquirer: str, procedure: str, provider: str, item: str, *, ordinance: bool = False, consent: bool = False
) -> PermissionQuery:
    return PermissionQuery(
        inquirer_kind=inquirer,
        procedure_code=ProcedureCode(procedure),
        provider_kind=provider,
        item_code=ItemCode(item),
        ordinance=ordinance,
        consent=consent,
    )


PERMITTED = {
    "childcare asks tax for local tax in the child allowance": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "tax", LOCAL_TAX),
        "R01",
    ),
    "childcare asks residence for the resident record in the child allowance": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "residence", RESIDENT),
        "R02",
    ),
    "insurance asks tax for local tax in the insurance benefit": (
        ask("insurance", FOR_INSURANCE_BENEFIT, "tax", LOCAL_TAX),
        "R06",
    ),
    "insurance asks residence for the resident record in the insurance benefit": (
        ask("insurance", FOR_INSURANCE_BENEFIT, "residence", RESIDENT),
        "R06",
    ),
    "the national health insurance asks an insurer for the qualification": (
        ask("national_health_insurance", FOR_NATIONAL_HEALTH_INSURANCE, "insurance", QUALIFICATION),
        "R07",
    ),
    "one national health insurer asks another": (
        ask("national_health_insurance", FOR_NATIONAL_HEALTH_INSURANCE, "national_health_insurance", QUALIFICATION),
        "R07",
    ),
    "a benefit payer asks tax": (ask("benefit", FOR_BENEFIT_BY_TAX, "tax", LOCAL_TAX), "R20"),
    "a benefit payer asks the account registry": (
        ask("benefit", FOR_BENEFIT_ACCOUNT, "account_registry", ACCOUNT),
        "R21",
    ),
    "consent given where none is needed changes nothing": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "tax", LOCAL_TAX, consent=True),
        "R01",
    ),
    "an ordinance affair asks for the resident record without consent": (
        ask("medical_subsidy", FOR_CHILD_MEDICAL_SUBSIDY, "residence", RESIDENT, ordinance=True),
        "O01",
    ),
    "an ordinance affair asks for local tax with consent": (
        ask("medical_subsidy", FOR_CHILD_MEDICAL_SUBSIDY, "tax", LOCAL_TAX, ordinance=True, consent=True),
        "O01",
    ),
}

REFUSED = {
    "an employer asks": (
        ask("employer", FOR_CHILD_ALLOWANCE, "tax", LOCAL_TAX),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "a police force asks": (
        ask("police", FOR_CHILD_ALLOWANCE, "residence", RESIDENT),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "a contractor's terminal asks": (
        ask("contractor", FOR_INSURANCE_BENEFIT, "tax", LOCAL_TAX),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "childcare asks for medical detail in the child allowance": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "insurance", QUALIFICATION),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "the right pair asks in the wrong affair": (
        ask("childcare", FOR_PUBLIC_HOUSING, "tax", LOCAL_TAX),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "the right affair asks for the wrong item": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "welfare", DISABILITY),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "inquirer and provider are swapped": (
        ask("tax", FOR_CHILD_ALLOWANCE, "childcare", LOCAL_TAX),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "the right item is asked of the wrong provider": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "residence", LOCAL_TAX),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "an item that no row opens is asked for": (
        ask("insurance", FOR_INSURANCE_BENEFIT, "childcare", CHILD_ALLOWANCE),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "an ordinance affair asks for local tax without consent": (
        ask("medical_subsidy", FOR_CHILD_MEDICAL_SUBSIDY, "tax", LOCAL_TAX, ordinance=True),
        Reason.CONSENT_MISSING,
    ),
    "an ordinance affair asks for more than the affair it resembles": (
        ask("medical_subsidy", FOR_CHILD_MEDICAL_SUBSIDY, "insurance", QUALIFICATION, ordinance=True, consent=True),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "an ordinance affair passes itself off as a statutory one": (
        ask("medical_subsidy", FOR_CHILD_MEDICAL_SUBSIDY, "tax", LOCAL_TAX, consent=True),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "a statutory affair passes itself off as an ordinance one": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "tax", LOCAL_TAX, ordinance=True, consent=True),
        Reason.EXCHANGE_NOT_PERMITTED,
    ),
    "the procedure is unknown": (
        ask("childcare", "JT88000000000001", "tax", LOCAL_TAX),
        Reason.PROCEDURE_UNKNOWN,
    ),
    "the item is unknown": (
        ask("childcare", FOR_CHILD_ALLOWANCE, "tax", "TM88000000000001"),
        Reason.ITEM_UNKNOWN,
    ),
    "procedure and item are unknown": (
        ask("police", "JT88000000000001", "tax", "TM88000000000001"),
        Reason.PROCEDURE_UNKNOWN,
    ),
    "the item is unknown and the inquirer has no row": (
        ask("police", FOR_CHILD_ALLOWANCE, "tax", "TM88000000000001"),
        Reason.ITEM_UNKNOWN,
    ),
}


@pytest.mark.parametrize("sentence", PERMITTED)
def test_it_is_permitted_that(sentence: str) -> None:
    query, row_number = PERMITTED[sentence]
    assert TABLE.decide(query).row_number == row_number


@pytest.mark.parametrize("sentence", REFUSED)
def test_it_is_refused_that(sentence: str) -> None:
    query, reason = REFUSED[sentence]
    with pytest.raises(WarifuError) as caught:
        TABLE.decide(query)
    assert caught.value.reason is reason
    assert caught.value.definite


def test_all_twenty_two_statutory_rows_are_there() -> None:
    statutory = [row.row_number for row in TABLE.rows if not row.ordinance]
    assert statutory == [f"R{number:02d}" for number in range(1, 23)]
    assert len([row for row in TABLE.rows if row.ordinance]) >= 2


def test_every_row_says_where_it_comes_from_and_how_sure_that_is() -> None:
    for row in TABLE.rows:
        assert row.law_row.row
        assert row.law_row.evidence is Evidence.VERIFIED
        assert row.ordinance or row.old_row is not None
        for grant in row.grants:
            assert set(grant.sources) <= set(TABLE.sources)
            assert bool(grant.sources) == (grant.evidence is not Evidence.UNVERIFIED)
        assert row.evidence.value in row.describe()
        assert row.row_number in row.describe()


def test_the_rows_are_as_well_founded_as_the_research_found_them() -> None:
    weakest = {row.row_number: row.evidence for row in TABLE.rows}
    verified = {"R01", "R04", "R09", "R20", "R21"}
    unverified = {"R03", "R05", "R11", "R12", "R15", "R16", "R18", "R19", "R22"}
    assert {number for number, evidence in weakest.items() if evidence is Evidence.VERIFIED} == verified
    assert {number for number, evidence in weakest.items() if evidence is Evidence.UNVERIFIED} == unverified


def test_the_rows_of_the_act_are_those_of_the_research() -> None:
    law = "81,81,81,56,66,2,44,46,27,23,24,9,8,100,85,117,127,38,123,135,135,55"
    old = "74,74,75,57,66,,42-45,48,31,26,27,,9,93/94,80/81,108,116,37,113,121,121,"
    assert ",".join(row.law_row.row for row in TABLE.rows if not row.ordinance) == law
    assert ",".join(row.old_row.row for row in TABLE.rows if row.old_row) == old


def test_only_codes_made_up_for_the_simulator_look_made_up() -> None:
    for item in TABLE.items.values():
        assert (item.evidence is Evidence.UNVERIFIED) == item.item_code.startswith("TM99")
    for procedure in TABLE.procedures.values():
        assert (procedure.evidence is Evidence.UNVERIFIED) == procedure.procedure_code.startswith("JT99")
        assert procedure.affair_code[2:4] in ("99", "01")


def test_the_four_agencies_records_have_a_layout() -> None:
    layouts = {
        LOCAL_TAX: ("tax", "LocalTaxRecord"),
        RESIDENT: ("residence", "ResidentRecord"),
        CHILD_ALLOWANCE: ("childcare", "ChildAllowanceRecord"),
        QUALIFICATION: ("insurance", "InsuranceQualificationRecord"),
    }
    for item_code, (kind, message) in layouts.items():
        assert TABLE.items[item_code].message == f"warifu.api.record.v1.{message}"
        assert kind in TABLE.items[item_code].provided_by


def test_every_kind_number_fits_an_institution_code() -> None:
    for kind in TABLE.kinds.values():
        assert InstitutionCode.build(kind.number, None, 1).kind_number == kind.number


def test_no_question_to_the_table_can_name_a_person() -> None:
    asked = {field.name for field in dataclasses.fields(PermissionQuery)}
    assert asked == {"inquirer_kind", "procedure_code", "provider_kind", "item_code", "ordinance", "consent"}
    assert set(inspect.signature(TABLE.decide).parameters) == {"query"}


@given(
    st.sampled_from([*TABLE.kinds, "police"]),
    st.sampled_from([*TABLE.procedures, ProcedureCode("JT88000000000001")]),
    st.sampled_from([*TABLE.kinds, "police"]),
    st.sampled_from([*TABLE.items, ItemCode("TM88000000000001")]),
    st.tuples(st.booleans(), st.booleans()),
)
def test_whatever_is_permitted_stands_in_the_row_that_is_named(
    inquirer: str, procedure: ProcedureCode, provider: str, item: ItemCode, flags: tuple[bool, bool]
) -> None:
    ordinance, consent = flags
    query = ask(inquirer, procedure, provider, item, ordinance=ordinance, consent=consent)
    try:
        row = TABLE.decide(query)
    except WarifuError:
        return
    assert (row.procedure_code, row.ordinance) == (procedure, ordinance)
    assert inquirer in row.inquirer_kinds
    (grant,) = [grant for grant in row.grants if (grant.provider_kind, grant.item_code) == (provider, item)]
    assert consent or not grant.consent_required
    assert row.consent_required >= grant.consent_required


HERE = MunicipalityCode("131016")
TAX_OFFICE = InstitutionCode.build(2, HERE, 1)
OTHER_TAX_OFFICE = InstitutionCode.build(2, HERE, 2)


def in_force(
    kind: str, institution: InstitutionCode, item: ItemCode, *withdrawn: tuple[InstitutionCode, ItemCode]
) -> bool:
    return TABLE.assessment_in_force(kind=kind, institution=institution, item_code=item, withdrawn=frozenset(withdrawn))


def test_both_files_of_every_grant_are_assessed_and_in_force() -> None:
    for row in TABLE.rows:
        for grant in row.grants:
            for kind in {*row.inquirer_kinds, grant.provider_kind}:
                assert in_force(kind, InstitutionCode.build(TABLE.kinds[kind].number, HERE, 1), grant.item_code)


def test_a_withdrawn_assessment_closes_one_file_of_one_institution() -> None:
    withdrawn = (TAX_OFFICE, LOCAL_TAX)
    assert not in_force("tax", TAX_OFFICE, LOCAL_TAX, withdrawn)
    assert in_force("tax", TAX_OFFICE, DISABILITY, withdrawn)
    assert in_force("tax", OTHER_TAX_OFFICE, LOCAL_TAX, withdrawn)
    assert in_force("tax", TAX_OFFICE, LOCAL_TAX)


def test_a_file_nobody_assessed_is_not_in_force() -> None:
    assert not in_force("tax", TAX_OFFICE, ACCOUNT)
    assert not in_force("police", TAX_OFFICE, LOCAL_TAX)


def test_the_table_may_withdraw_the_assessment_of_one_institution(tmp_path: Path) -> None:
    path = tmp_path / "permissions.yaml"
    entry = f'  - {{institution: "{TAX_OFFICE}", form: full, status: withdrawn, items: ["{LOCAL_TAX}"]}}\n'
    path.write_text(DEFAULT_TABLE.read_text(encoding="utf-8") + entry, encoding="utf-8")
    table = PermissionTable.load(path)
    assert not table.assessment_in_force(kind="tax", institution=TAX_OFFICE, item_code=LOCAL_TAX)
    assert table.assessment_in_force(kind="tax", institution=OTHER_TAX_OFFICE, item_code=LOCAL_TAX)


def test_the_shipped_table_withdraws_the_assessment_of_nobody_who_is_there() -> None:
    (institution,) = {institution for institution, _ in TABLE.withdrawn_files}
    assert institution == InstitutionCode.build(3, MunicipalityCode("011002"), 9_999_999)
    assert not in_force("childcare", institution, LOCAL_TAX)
    assert in_force("childcare", InstitutionCode.build(3, MunicipalityCode("011002"), 1), LOCAL_TAX)
