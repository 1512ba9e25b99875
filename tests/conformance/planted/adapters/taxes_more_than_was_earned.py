"""Takes two columns for one another."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord

CAUGHT_BY = "adapter.contents.fits"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        return LocalTaxRecord(fiscal_year=row["year"], taxable_income_yen=row["income"]).SerializeToString()
