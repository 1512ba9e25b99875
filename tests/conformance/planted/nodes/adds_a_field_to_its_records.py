"""Gives a record as its own version of the message has it."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_node import HonestNode

from warifu.agency import ProvidedRecord
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.beside.inside"


class Planted(HonestNode):
    def record(self, person: CastPerson, year: int) -> ProvidedRecord:
        given = super().record(person, year)
        return replace(given, record=given.record + b"\xc2\x3e\x03new")
