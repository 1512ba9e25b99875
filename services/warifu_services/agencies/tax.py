"""The local tax office (地方税): provides local-tax information (地方税関係情報).

Decides what a record of an assessment must look like to be registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from warifu.agency import Agency, Provided
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.identifiers import ItemCode

__all__ = ["LOCAL_TAX", "TaxAgency"]

LOCAL_TAX = ItemCode("TM00000000000002")
"""Local-tax information: a code in real use."""

_FIRST_YEAR, _LAST_YEAR = 1950, 2999
"""The Local Tax Act is of 1950; the upper bound catches a slip of the keys."""


class TaxAgency(Agency):
    """A municipality's tax office."""

    kind = "tax"
    provides: ClassVar[Mapping[ItemCode, Provided]] = {
        LOCAL_TAX: Provided(
            record_type=LocalTaxRecord,
            certificate="Certificate of income and resident tax",
            certificate_ja="課税証明書(所得証明書)",
        )
    }

    def fault_in(self, message: Message) -> str | None:
        """The first field that no assessment can have: a year out of range, a negative tax, more taxed than earned."""
        assert isinstance(message, LocalTaxRecord)  # noqa: S101  # the base class made it of this type
        if not _FIRST_YEAR <= message.fiscal_year <= _LAST_YEAR:
            return "fiscal_year"
        if message.taxable_income_yen < 0 or message.taxable_income_yen > max(message.total_income_yen, 0):
            return "taxable_income_yen"
        if message.income_levy_yen < 0:
            return "income_levy_yen"
        if message.per_capita_levy_yen < 0:
            return "per_capita_levy_yen"
        return None

    def year_of(self, message: Message) -> int | None:
        """The year of the assessment: found by another year, it would answer for a year it is not of."""
        assert isinstance(message, LocalTaxRecord)  # noqa: S101  # the base class made it of this type
        return message.fiscal_year
