"""Takes the flag off the person whose answer a clerk releases."""

from __future__ import annotations

from tests.conformance.honest_business import RELEASE, Kept
from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.flags.released-once"


class Planted(HonestNode):
    released = False

    def decided(self, kept: Kept, decision: int) -> None:
        super().decided(kept, decision)
        self.released = self.released or decision == RELEASE

    def waits(self, person: CastPerson) -> bool:
        return super().waits(person) and not self.released
