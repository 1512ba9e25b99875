"""Leaves the year out of the records of people whose publication ends."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Row

from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord

CAUGHT_BY = "adapter.contents.fits"


class Planted(HonestAdapter):
    def record(self, row: Row) -> bytes:
        year = 0 if row["until"] else row["year"]
        return LocalTaxRecord(fiscal_year=year, total_income_yen=row["income"]).SerializeToString()
