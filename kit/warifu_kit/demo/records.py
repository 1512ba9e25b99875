"""What each agency registers about a resident: replicas, as the agency's business system would make them.

Decides the content of each record from a made-up resident and the household. Pure. The resident record holds none of
the four basic items: name, address, date of birth and sex never leave the registry.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from google.protobuf.message import Message

from warifu.api.node.v1.node_service_pb2 import Replica
from warifu.api.record.v1.child_allowance_record_pb2 import ChildAllowanceRecord
from warifu.api.record.v1.insurance_qualification_record_pb2 import InsuranceQualificationRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.identifiers import ItemCode
from warifu_kit.people.residents import Resident
from warifu_services.agencies.childcare import CHILD_ALLOWANCE, decide_child_allowance
from warifu_services.agencies.insurance import INSURANCE_QUALIFICATION
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX

__all__ = [
    "birth_dates_leave_open",
    "children_under_three",
    "fiscal_year_of",
    "replica_of",
    "resident_record",
    "tax_record",
]

_ASSESSED_MONTH = 6
"""Resident tax is assessed in June for the fiscal year that began in April."""


def fiscal_year_of(today: datetime.date) -> int:
    """The newest fiscal year for which resident tax is assessed by that day."""
    return today.year if today.month >= _ASSESSED_MONTH else today.year - 1


def resident_record(resident: Resident, household: Sequence[Resident], on: datetime.date) -> ResidentRecord:
    """What the registry provides about a resident.

    Children are those who surely are: one whose date of birth leaves it open is counted with the adults, and to be
    confirmed (:func:`birth_dates_leave_open`).
    """
    return ResidentRecord(
        household_number=f"{resident.municipality_code}-{resident.household_number:06d}",
        relationship_to_head=resident.relationship_to_head,
        household_size=len(household),
        household_children=sum(member.is_child(on) for member in household),
        became_resident_on=resident.became_resident_on.isoformat(),
        previous_municipality_code=resident.previous_municipality_code or "",
    )


def tax_record(resident: Resident, fiscal_year: int) -> LocalTaxRecord:
    """What the tax office provides about a resident."""
    return LocalTaxRecord(
        fiscal_year=fiscal_year,
        total_income_yen=resident.income_yen,
        taxable_income_yen=resident.tax.taxable_income_yen,
        income_levy_yen=resident.tax.income_levy_yen,
        per_capita_levy_yen=resident.tax.per_capita_levy_yen,
        dependants=resident.dependants,
    )


def children_under_three(household: Sequence[Resident], on: datetime.date) -> int:
    """What the applicant writes in the application form for a child allowance."""
    return sum(member.is_child(on) and member.is_under_three(on) for member in household)


def birth_dates_leave_open(household: Sequence[Resident], on: datetime.date) -> bool:
    """Whether a date of birth unknown in part leaves open how many children there are, or how many are under three."""
    return any(
        member.is_child(on) != member.may_be_child(on) or member.is_under_three(on) != member.may_be_under_three(on)
        for member in household
    )


def replica_of(agency: str, resident: Resident, household: Sequence[Resident], on: datetime.date) -> Replica:
    """The replica one agency registers about a resident; to be completed with the local number.

    ``on`` is the day by which ages and the fiscal year go. Everything may be provided since that year's assessment.
    """
    year = fiscal_year_of(on)
    start = datetime.date(year, _ASSESSED_MONTH, 1)
    if agency == "residence":
        return _replica(RESIDENT_RECORD, resident_record(resident, household, on), start)
    if agency == "tax":
        return _replica(LOCAL_TAX, tax_record(resident, year), start, year)
    if agency == "childcare":
        return _replica(CHILD_ALLOWANCE, _allowance_record(resident, household, on), start)
    return _replica(INSURANCE_QUALIFICATION, _qualification_record(resident), start)


def _allowance_record(resident: Resident, household: Sequence[Resident], on: datetime.date) -> ChildAllowanceRecord:
    decided = decide_child_allowance(
        resident_record(resident, household, on),
        tax_record(resident, fiscal_year_of(on)),
        children_under_three=children_under_three(household, on),
    )
    paid_from = f"{on:%Y-%m}" if decided.children else ""
    return ChildAllowanceRecord(
        children=decided.children, monthly_amount_yen=decided.monthly_amount_yen, paid_from_month=paid_from
    )


def _qualification_record(resident: Resident) -> InsuranceQualificationRecord:
    qualified_on = resident.became_resident_on.isoformat() if resident.insured else ""
    return InsuranceQualificationRecord(
        insured=resident.insured, qualified_on=qualified_on, dependant=resident.insured_as_dependant
    )


def _replica(item_code: ItemCode, record: Message, start: datetime.date, fiscal_year: int = 0) -> Replica:
    return Replica(
        item_code=item_code,
        fiscal_year=fiscal_year,
        publication_start=start.isoformat(),
        record=record.SerializeToString(deterministic=True),
    )
