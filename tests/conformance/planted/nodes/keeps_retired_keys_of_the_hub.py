"""Never looks until when a former key of the hub is good."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange import statements

CAUGHT_BY = "node.rotation.new-hub-key"


class Planted(HonestNode):
    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        self.directory.check_hub(0, lambda key: statements.check_permit(key, permit, asked))
