"""Gives the whole row, the address included."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.agency import ProvidedRecord
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.records.nothing-else"


class Planted(HonestNode):
    def record(self, person: CastPerson, year: int) -> ProvidedRecord:
        made = super().record(person, year)
        return ProvidedRecord(made.record_type, made.record + b"\x7a\x041-1 ")
