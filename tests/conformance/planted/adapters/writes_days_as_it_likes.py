"""Is a resident registry, and writes the day on which somebody moved in as it stands in its database."""

from __future__ import annotations

from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told

from warifu.api.record.v1.resident_record_pb2 import ResidentRecord

CAUGHT_BY = "adapter.contents.fits"
PARTY = "residence"
PEOPLE = """
people:
  - {local_number: R-1}
"""


_ROWS: list[Row] = [{"number": "R-1", "year": 0, "from": "2020-04-01", "until": "", "clerk": False}]


class Planted(HonestAdapter):
    def held(self, request: Looked) -> list[Row]:
        return [row for row in _ROWS if row["number"] == request.local_number]

    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        told.record_type = ResidentRecord.DESCRIPTOR.full_name

    def record(self, row: Row) -> bytes:
        made = ResidentRecord(household_number="1", relationship_to_head="世帯主", household_size=1)
        made.became_resident_on = "2020/02/30"
        return made.SerializeToString()
