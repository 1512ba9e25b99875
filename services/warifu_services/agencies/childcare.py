"""The child allowance office (児童手当): asks residence and tax, decides, and provides child-allowance information.

Decides the allowance by the rule in force since October 2024, simplified to what the two records say:

- A child counts until the end of the fiscal year in which it turns 18. There is no income limit any more.
- The first and second child bring 10,000 yen a month each, the third and every further one 30,000 yen.
- Children under three bring 15,000 yen. No record tells a child's age (dates of birth are not exchanged), so the
  office adds that from its own application form: ``children_under_three``.
- It is paid to the parent who provides more for the child. The tax record shows when that may be somebody else.

Left out: children of 18 to 22 who count towards "third child", institutions, months and due dates.
Source: 児童手当法 (Child Allowance Act, Act 73 of 1971) Art. 4 and 6, as amended by Act 47 of 2024.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from google.protobuf.message import Message

from warifu.agency import Agency, Provided
from warifu.api.record.v1.child_allowance_record_pb2 import ChildAllowanceRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.identifiers import ItemCode, ProcedureCode

__all__ = [
    "CHILD_ALLOWANCE",
    "CHILD_ALLOWANCE_PROCEDURE",
    "AllowanceDecision",
    "ChildcareAgency",
    "decide_child_allowance",
]

CHILD_ALLOWANCE = ItemCode("TM99000000000002")
"""Child-allowance information. The code is the simulator's own."""

CHILD_ALLOWANCE_PROCEDURE = ProcedureCode("JT99000000000001")
"""The procedure in which this office asks. The code is the simulator's own."""

_PER_CHILD_YEN, _UNDER_THREE_YEN, _FROM_THIRD_YEN = 10_000, 15_000, 30_000
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceDecision:
    """Yen a month for how many children; ``recipient_to_confirm`` when another adult may be the one to be paid."""

    children: int
    monthly_amount_yen: int
    recipient_to_confirm: bool


def decide_child_allowance(
    resident: ResidentRecord, tax: LocalTaxRecord, *, children_under_three: int = 0
) -> AllowanceDecision:
    """What the applicant with these two records is paid. Raises: ValueError when more children are small than exist.

    Small children are counted as the youngest, so that a third child under three still brings 30,000 yen.
    """
    children = resident.household_children
    if not 0 <= children_under_three <= children:
        raise ValueError("children_under_three is at most the number of children")
    small_among_first_two = max(0, children_under_three - max(0, children - 2))
    amount = min(children, 2) * _PER_CHILD_YEN + max(0, children - 2) * _FROM_THIRD_YEN
    amount += small_among_first_two * (_UNDER_THREE_YEN - _PER_CHILD_YEN)
    other_adults = resident.household_size - children > 1
    unclear = children > 0 and other_adults and tax.total_income_yen <= 0
    return AllowanceDecision(children=children, monthly_amount_yen=amount, recipient_to_confirm=unclear)


class ChildcareAgency(Agency):
    """A municipality's child allowance office."""

    kind = "childcare"
    provides: ClassVar[Mapping[ItemCode, Provided]] = {
        CHILD_ALLOWANCE: Provided(
            record_type=ChildAllowanceRecord,
            certificate="Notice of child allowance",
            certificate_ja="児童手当支給決定通知書",
        )
    }

    def fault_in(self, message: Message) -> str | None:
        """The first field that no allowance can have: a negative amount, or a first month that is none."""
        assert isinstance(message, ChildAllowanceRecord)  # noqa: S101  # the base class made it of this type
        if message.monthly_amount_yen < 0:
            return "monthly_amount_yen"
        if message.paid_from_month and not _MONTH.fullmatch(message.paid_from_month):
            return "paid_from_month"
        return None
