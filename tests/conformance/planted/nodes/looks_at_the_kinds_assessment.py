"""Looks for the assessment of a kind, and at no line of an institution."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit

CAUGHT_BY = "node.assessments.withdrawn"


class Planted(HonestNode):
    def decide_again(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        try:
            super().decide_again(permit, checked)
        except WarifuError as error:
            if error.reason is not Reason.ASSESSMENT_NOT_IN_FORCE:
                raise
