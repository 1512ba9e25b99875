"""A health insurer (健康保険): asks residence and tax, decides, and provides qualification information.

Decides in which category of the limit on monthly co-payments (高額療養費, under 70 years) an applicant falls, simplified
to what the two records say:

=========  ==============================================  =====================
category   income after the basic deduction of 430,000     monthly limit from
=========  ==============================================  =====================
ア  A      above 9,010,000 yen                             252,600 yen
イ  B      above 6,000,000 up to 9,010,000                 167,400 yen
ウ  C      above 2,100,000 up to 6,000,000                  80,100 yen
エ  D      up to 2,100,000                                  57,600 yen
オ  E      no resident tax at all                           35,400 yen
=========  ==============================================  =====================

Left out: the 1 % above a threshold (ア to ウ), the fourth month, and people of 70 and over. A household's category
goes by the income of all its members; one applicant's record cannot show that, so larger households are to be confirmed.
Source: 国民健康保険法施行令 (Order for Enforcement of the National Health Insurance Act) Art. 29-3, amounts of 2025.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from google.protobuf.message import Message

from warifu.agency import Agency, Provided
from warifu.api.record.v1.insurance_qualification_record_pb2 import InsuranceQualificationRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.identifiers import ItemCode, ProcedureCode

__all__ = [
    "INSURANCE_PROCEDURE",
    "INSURANCE_QUALIFICATION",
    "CopaymentDecision",
    "InsuranceAgency",
    "LimitCategory",
    "copayment_limit_category",
]

INSURANCE_QUALIFICATION = ItemCode("TM99000000000003")
"""Medical-insurance qualification information. The code is the simulator's own."""

INSURANCE_PROCEDURE = ProcedureCode("JT99000000000004")
"""The procedure in which an insurer asks. The code is the simulator's own."""

_BASIC_DEDUCTION_YEN = 430_000


class LimitCategory(enum.Enum):
    """A category of the co-payment limit. The value is where the monthly limit begins, in yen."""

    A = 252_600
    B = 167_400
    C = 80_100
    D = 57_600
    E = 35_400


_ABOVE_YEN = ((9_010_000, LimitCategory.A), (6_000_000, LimitCategory.B), (2_100_000, LimitCategory.C))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopaymentDecision:
    """The category, and whether the incomes of other members of the household must be looked at."""

    category: LimitCategory
    household_to_confirm: bool


def copayment_limit_category(resident: ResidentRecord, tax: LocalTaxRecord) -> CopaymentDecision:
    """The category of the applicant with these two records."""
    adults = resident.household_size - resident.household_children
    return CopaymentDecision(category=_category(tax), household_to_confirm=adults > 1)


def _category(tax: LocalTaxRecord) -> LimitCategory:
    if tax.income_levy_yen == 0 and tax.per_capita_levy_yen == 0:
        return LimitCategory.E
    counted = tax.total_income_yen - _BASIC_DEDUCTION_YEN
    return next((category for above, category in _ABOVE_YEN if counted > above), LimitCategory.D)


class InsuranceAgency(Agency):
    """A health insurer."""

    kind = "insurance"
    provides: ClassVar[Mapping[ItemCode, Provided]] = {
        INSURANCE_QUALIFICATION: Provided(
            record_type=InsuranceQualificationRecord,
            certificate="Certificate of health-insurance qualification",
            certificate_ja="健康保険資格証明書",
        )
    }

    def fault_in(self, message: Message) -> str | None:
        """The field that no qualification can have: a first day that is none, or one without being insured."""
        assert isinstance(message, InsuranceQualificationRecord)  # noqa: S101  # the base class made it of this type
        if message.insured != bool(message.qualified_on):
            return "qualified_on"
        if message.qualified_on and not _is_day(message.qualified_on):
            return "qualified_on"
        return None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
