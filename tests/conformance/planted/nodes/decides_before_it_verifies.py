"""Looks at the table first: that is quicker."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit

CAUGHT_BY = "node.permits.first-fault"


class Planted(HonestNode):
    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        context = self.read_context(permit)
        self.decide_again(permit, self.checked(permit, context, asked, self.inquirer(context)))
        super().check_hub(permit, asked)
