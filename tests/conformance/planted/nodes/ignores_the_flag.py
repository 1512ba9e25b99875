"""Answers about somebody of whom a clerk has to decide."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.flags.pending"


class Planted(HonestNode):
    def waits(self, person: CastPerson) -> bool:
        return False
