"""Has the hub decide what is permitted."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.permits.item-not-permitted"


class Planted(HonestNode):
    def decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        return
