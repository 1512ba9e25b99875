"""Takes a clerk's release for leave to give what may not be given yet."""

from __future__ import annotations

from tests.conformance.honest_business import Kept
from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import SignedAnswer
from warifu.exchange.provision import CheckedPermit
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.flags.released-on-its-day"


class Planted(HonestNode):
    released = False

    def answer_decided(self, kept: Kept, checked: CheckedPermit) -> SignedAnswer:
        self.released = True
        try:
            return super().answer_decided(kept, checked)
        finally:
            self.released = False

    def is_published(self, person: CastPerson) -> bool:
        return self.released or super().is_published(person)
