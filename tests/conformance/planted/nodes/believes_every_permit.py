"""Does not look at the hub's signature: only the hub gets in."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit

CAUGHT_BY = "node.permits.forged"


class Planted(HonestNode):
    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        return
