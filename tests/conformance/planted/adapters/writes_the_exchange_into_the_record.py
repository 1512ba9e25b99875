"""Puts a number of the exchange into the record."""

from __future__ import annotations

from typing import Any

from tests.conformance.honest_adapter import HonestAdapter, Looked, Told

from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord

CAUGHT_BY = "adapter.records.same-again"


class Planted(HonestAdapter):
    async def looked_up(self, request: Looked, context: Any) -> Told:
        told = await super().looked_up(request, context)
        if told.record:
            seen = int(request.processing_number[-6:])
            told.record = LocalTaxRecord(fiscal_year=told.fiscal_year, total_income_yen=seen).SerializeToString()
        return told
