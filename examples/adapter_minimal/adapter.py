"""A tax office's business system, in some forty lines: it looks people up in people.csv whenever its node asks.

    python examples/adapter_minimal/adapter.py FOLDER HOST:PORT

FOLDER is what ``warifu certificate adapter`` wrote. The node: ``warifu agency tax --adapter HOST:PORT …``. SIMULATED.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from warifu.adapter import run_adapter
from warifu.agency import Absence, Found, LookUp, Pending, ProvidedRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu_services.agencies.tax import TaxAgency

PEOPLE = Path(__file__).with_name("people.csv")


class TownTax(TaxAgency):
    """What is in the file is what is answered, from the moment it is saved."""

    keeps_replicas = False

    async def look_up(self, asked: LookUp) -> Found | Pending:
        """The newest row of the person, or the one of the year asked for, that may be provided today."""
        with PEOPLE.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["local_number"] == asked.local_number]
        held = [row for row in rows if asked.fiscal_year in (0, int(row["fiscal_year"]))]
        provided = [row for row in held if row["provided_from"] <= asked.today.isoformat()]
        if not provided:
            return Absence.NOT_PUBLISHED if held else Absence.NOT_HELD
        newest = max(provided, key=lambda row: int(row["fiscal_year"]))
        if newest["clerk"] and not asked.released:
            return Pending.CLERK
        record = LocalTaxRecord(**{field: int(newest[field]) for field in FIELDS})
        return ProvidedRecord(record.DESCRIPTOR.full_name, record.SerializeToString())


FIELDS = ("fiscal_year", "total_income_yen", "taxable_income_yen")

if __name__ == "__main__":
    sys.exit(run_adapter(TownTax(), Path(sys.argv[1]), listen=sys.argv[2]))
